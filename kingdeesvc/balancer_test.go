package kingdeesvc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// A balancer keeps a client at one of two nodes by a cookie of its own; the other node knows nothing of the session.
// Without the cookie half of all requests were lost.
func TestBehindABalancerNoSessionIsLost(t *testing.T) {
	for way, env := range map[string]map[string]string{
		"sign":     nil,
		"secret":   {"KINGDEE_AUTH": "app_secret"},
		"password": {"KINGDEE_AUTH": "password", "KINGDEE_PASSWORD": "sandbox-password"},
		"header":   {"KINGDEE_AUTH": "header", "KINGDEE_ORG_NUM": "100"},
	} {
		for _, atLoginOnly := range []bool{false, true} {
			t.Run(way, func(t *testing.T) {
				env := merged(env, map[string]string{"KINGDEE_SESSIONS": "3"})
				b := setup(t, env, func(c *sandbox.Config) {
					c.Seed = sample.DefaultSeed
					c.Personality = behaviour.Personality{Nodes: 2, CookiesAtLoginOnly: atLoginOnly, LatencyMillis: 5}
				})
				for range 5 {
					got := b.bills(t, &kingdeev1.StreamBillsRequest{
						FormId: formID,
						Selection: &kingdeev1.StreamBillsRequest_ChangedSince{
							ChangedSince: &kingdeev1.ChangedSince{Since: timestamppb.New(time.Now().AddDate(-2, 0, 0))},
						},
					})
					require.NotEmpty(t, got.bills)
				}
				calls := b.vendor.Calls()
				require.LessOrEqual(t, calls["loginbysign"]+calls["loginbyappsecret"]+calls["validateuser"],
					3, "%v", calls)
				require.LessOrEqual(t, b.vendor.Sessions(),
					3, "signed requests come back to the session that was made for them")
			})
		}
	}
}
