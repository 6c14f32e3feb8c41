package wmssvc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// A success that is only a promise is provisional until a known answer comes, whichever way it ends.
func TestAPromiseIsProvisionalUntilAKnownAnswerComes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to   warehouse.State
		want wmsv1.Disposition
	}{
		"cancelled by the warehouse": {warehouse.StateCancelled, already},
		"picked by the warehouse":    {warehouse.StateWorking, tooLate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wms := newSandbox(t, behaviour.Personality{Approved: "promise"})
			key := create(t, wms, "ZZCX1", warehouse.StateApproved)
			_, client := start(t, sandboxConfig(wms.URL()))
			for range 2 {
				result := cancelOne(t, client, order(1, coded("ZZCX1")))
				require.Equal(t, inProgress, result.GetDisposition())
				require.True(t, result.GetProvisional())
			}
			_, err := wms.SetState(warehouse.Move{Key: key, To: c.to})
			require.NoError(t, err)
			require.NoError(t, wms.SetPersonality(behaviour.Personality{}))
			result := cancelOne(t, client, order(1, coded("ZZCX1")))
			require.Equal(t, c.want, result.GetDisposition())
			require.False(t, result.GetProvisional())
		})
	}
}

// What stands in front of the WMS, as the sandbox plays it.
func TestWhatStandsInFrontOfTheSandbox(t *testing.T) {
	t.Parallel()
	const lost, proxy = wmsv1.UnknownCause_UNKNOWN_CAUSE_LOST, wmsv1.UnknownCause_UNKNOWN_CAUSE_PROXY
	for front, want := range map[string]struct {
		disposition wmsv1.Disposition
		cause       wmsv1.UnknownCause
		fault       wmsv1.AccountFault
	}{
		"bad_gateway": {unknown, proxy, 0}, "unavailable": {unknown, proxy, 0},
		"redirect": {unknown, proxy, 0}, "maintenance": {unknown, proxy, 0},
		"gateway_timeout": {unknown, lost, 0}, "router_timeout": {unknown, lost, 0}, "call_limit": {throttled, 0, 0},
		"signature":  {auth, 0, wmsv1.AccountFault_ACCOUNT_FAULT_CREDENTIALS},
		"app_key":    {auth, 0, wmsv1.AccountFault_ACCOUNT_FAULT_CREDENTIALS},
		"permission": {auth, 0, wmsv1.AccountFault_ACCOUNT_FAULT_CREDENTIALS},
		"clock":      {auth, 0, wmsv1.AccountFault_ACCOUNT_FAULT_CLOCK},
	} {
		for _, format := range []string{"xml", "json"} {
			t.Run(front+" "+format, func(t *testing.T) {
				t.Parallel()
				wms := newSandbox(t, behaviour.Personality{})
				create(t, wms, "ZZCX1", warehouse.StateApproved)
				_, client := start(t, sandboxConfig(wms.URL()))
				require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, announced(t, client))
				require.NoError(t, wms.SetPersonality(behaviour.Personality{Front: front, FrontFormat: format}))
				result := cancelOne(t, client, order(1, coded("ZZCX1")))
				require.Equal(t, want.disposition, result.GetDisposition(), result.GetDetail())
				require.Equal(t, want.cause, result.GetUnknownCause())
				require.Equal(t, want.fault, result.GetAccountFault())
				if front == "call_limit" {
					require.InDelta(t, 12, result.GetRetryAfter().AsDuration().Seconds(), 0.5)
				}
			})
		}
	}
}
