package wmssvc_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	wmshouse "github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Three accounts of one file, each its own dialect, secret and WMS, used through one stream: every order reaches the
// WMS of its account, signed as that one wants it, and no other.
func TestAccountsOfOneFileEndToEnd(t *testing.T) {
	t.Parallel()
	type place struct {
		wms     *sandbox.Server
		dialect string
		key     wmshouse.Key
	}
	places := map[string]*place{}
	entries := &strings.Builder{}
	entries.WriteString("accounts:\n")
	files := map[string]string{}
	for name, c := range map[string]struct{ dialect, sign string }{
		"default": {"wdt", "md5"}, "south": {"qimen", "hmac-sha256"}, "north": {"qimen-direct", "hmac"},
	} {
		cfg := sandbox.DefaultConfig()
		cfg.Accounts = []wmshouse.Account{
			{SID: "sid-" + name, AppKey: "key-" + name, Secret: wmshouse.Secret("secret-" + name)},
		}
		wms, err := sandbox.Start(t.Context(), cfg)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, wms.Stop(context.Background())) })
		url := wms.QimenURL()
		if c.dialect == "wdt" {
			url = wms.URL()
		}
		fmt.Fprintf(entries, "  - {name: %s, url: '%s', dialect: %s, sign_method: %s, sid: sid-%s, app_key_file: "+
			"%s.key, app_secret_file: %s.secret}\n",
			name, url, c.dialect, c.sign, name, name, name)
		files[name+".key"], files[name+".secret"] = "key-"+name+"\n", "secret-"+name+"\n"
		places[name] = &place{wms: wms, dialect: c.dialect, key: create(t, wms, "ZZCX1", wmshouse.StateApproved)}
	}
	cfg, err := wmssvc.LoadConfig(env(map[string]string{
		"WMS_ACCOUNTS_FILE": accountsIn(t, entries.String(), files), "WMSSVC_ADDR": "127.0.0.1:0",
	}))
	require.NoError(t, err)
	_, client := start(t, cfg)

	stream, first := open(t, t.Context(), client)
	windows := map[string]*wmsv1.Window{first.GetAccount().GetName(): first}
	for range len(places) - 1 {
		frame, err := stream.Recv()
		require.NoError(t, err)
		windows[frame.GetWindow().GetAccount().GetName()] = frame.GetWindow()
	}
	id := int64(0)
	ids := map[int64]string{}
	for name, p := range places {
		require.Equal(t, p.dialect, windows[name].GetAccount().GetDialect())
		require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, windows[name].GetAccount().GetEnvironment())
		id++
		ids[id] = name
		require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: order(id, coded("ZZCX1"),
			func(o *wmsv1.Order) { o.Account = name })}))
	}
	require.NoError(t, stream.CloseSend())
	for range places {
		frame, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, done, frame.GetResult().GetDisposition(), "%s: %s",
			ids[frame.GetResult().GetCancellationId()], frame.GetResult().GetVendorMessage())
		require.NotContains(t, string(frame.GetResult().GetRequest()), "key-")
	}
	_, err = stream.Recv()
	require.ErrorIs(t, err, io.EOF)
	for name, p := range places {
		truth, err := p.wms.Truth(p.key)
		require.NoError(t, err)
		require.Equal(t, 1, truth.Effects, name)
		require.Equal(t, 1, truth.Requests, name)
	}
}

// The failure: a warehouse with many orders keeps another's few waiting to its end, be they on one stream or on two.
func TestCancelOrdersIsFairBetweenWarehouses(t *testing.T) {
	t.Parallel()
	for _, streams := range []int{1, 2} {
		t.Run(fmt.Sprintf("streams: %d", streams), func(t *testing.T) {
			turn := make(chan struct{})
			wms := newVendor(t, func(w http.ResponseWriter, _ *http.Request) {
				<-turn
				_, _ = io.WriteString(w, answerDone)
			})
			_, client := start(t, limited(wms.URL, 1))
			t.Cleanup(func() { close(turn) })
			stream, _ := open(t, t.Context(), client)
			other := stream
			if streams == 2 {
				other, _ = open(t, t.Context(), client)
			}
			from := func(warehouse string) func(*wmsv1.Order) {
				return func(o *wmsv1.Order) { o.WarehouseCode = warehouse }
			}
			const many = 30
			for i := range int64(many) {
				require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: order(i+1, from("MANY"))}))
			}
			require.Eventually(t, func() bool { return len(wms.seen()) == 1 }, 10*time.Second, time.Millisecond)
			require.NoError(t, other.Send(&wmsv1.CancelOrdersRequest{Order: order(100, from("FEW"))}))
			place := 0
			for finished := 1; ; finished++ {
				turn <- struct{}{}
				require.Eventually(t, func() bool { return len(wms.seen()) == finished+1 },
					10*time.Second, time.Millisecond)
				if strings.Contains(wms.seen()[finished].body, "<warehouseCode>FEW<") {
					place = finished
					break
				}
			}
			require.LessOrEqual(t, place, 5, "the few waited for %d of the many", place)
		})
	}
}
