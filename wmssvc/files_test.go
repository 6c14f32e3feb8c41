package wmssvc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// soonEnough is how long a change of a file may take until a test gives up.
const soonEnough = 30 * time.Second

// put writes a file in one step, as an editor does.
func put(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

func account(name, url string) string {
	return "  - {name: " + name + ", url: '" + url +
		"', sid: s1, app_key_file: key, app_secret_file: secret, rate: 0}\n"
}

// broken says whether wmssvc tells that the file of a setting cannot be used.
func broken(t *testing.T, addr, setting string) bool {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	var header metadata.MD
	_, err = healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}, grpc.Header(&header))
	require.NoError(t, err)
	said := strings.Join(header.Get(serve.HealthDetailKey), "")
	return strings.Contains(said, `"file_broken"`) && strings.Contains(said, `"`+setting+`"`)
}

func of(account string) func(*wmsv1.Order) { return func(o *wmsv1.Order) { o.Account = account } }

// An account could only be added, or its key changed, by a restart.
func TestTheAccountsFileIsFollowedWhileWmssvcRuns(t *testing.T) {
	t.Parallel()
	first, second := newVendor(t, always(answerDone)), newVendor(t, always(answerDone))
	path := accountsIn(t, "accounts:\n"+account("south", first.URL),
		map[string]string{"key": "key-one\n", "secret": "x\n"})
	cfg, err := wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": path, "WMSSVC_ADDR": "127.0.0.1:0"}))
	require.NoError(t, err)
	server, client := start(t, cfg)
	south, north := of("south"), of("north")
	require.Equal(t, done, cancelOne(t, client, order(1, south)).GetDisposition())

	put(t, filepath.Join(filepath.Dir(path), "key"), "key-two\n")
	require.Eventually(t, func() bool {
		require.Equal(t, done, cancelOne(t, client, order(2, south)).GetDisposition())
		seen := first.seen()
		return strings.Contains(strings.Join(seen[len(seen)-1].query["app_key"], "")+
			strings.Join(seen[len(seen)-1].query["appkey"], ""), "key-two")
	}, soonEnough, 50*time.Millisecond, "the key of the file is shown, and everything of before goes on")

	put(t, path, "accounts:\n"+account("south", first.URL)+account("north", second.URL))
	served := func(name string) func() bool {
		return func() bool {
			_, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{Account: name})
			return !apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_ACCOUNT_UNKNOWN)
		}
	}
	require.Eventually(t, served("north"), soonEnough, 50*time.Millisecond)
	require.Equal(t, done, cancelOne(t, client, order(3, north)).GetDisposition())

	put(t, path, "accounts:\n"+account("south", first.URL)+"  - {name: north, ur")
	put(t, filepath.Join(filepath.Dir(path), "key"), "key-three\n")
	require.Eventually(t, func() bool {
		require.True(t, served("north")(), "a file that is wrong changes nothing")
		return broken(t, server.Addr(), "WMS_ACCOUNTS_FILE")
	}, soonEnough, 50*time.Millisecond)

	put(t, path, "accounts:\n"+account("south", first.URL))
	require.Eventually(t, func() bool { return !served("north")() }, soonEnough, 50*time.Millisecond)
	require.Equal(t, done, cancelOne(t, client, order(4, south)).GetDisposition())
}

// Rule 12 (docs/rules.md): what was handed over for one WMS never leaves for another that the file names by then.
func TestAnAccountThatIsSentElsewhereByItsFileIsAnnouncedAnewFirst(t *testing.T) {
	t.Parallel()
	first, second := newVendor(t, always(answerDone)), newVendor(t, always(answerDone))
	path := accountsIn(t, "accounts:\n"+account("south", first.URL), map[string]string{"key": "k\n", "secret": "x\n"})
	cfg, err := wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": path, "WMSSVC_ADDR": "127.0.0.1:0"}))
	require.NoError(t, err)
	_, client := start(t, cfg)
	stream, _ := open(t, t.Context(), client)
	hand := func(id int64) *wmsv1.CancelResult {
		require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: order(id, of("south"))}))
		frame, err := stream.Recv()
		require.NoError(t, err)
		return frame.GetResult()
	}
	require.Equal(t, done, hand(1).GetDisposition())
	put(t, path, "accounts:\n"+account("south", second.URL))
	var last *wmsv1.CancelResult
	require.Eventually(t, func() bool { last = hand(2); return last.GetDisposition() != done }, soonEnough,
		50*time.Millisecond)
	require.Equal(t, notSent, last.GetDisposition())
	requireNotSent(t, cancelOne(t, client, order(3, of("south"))))
	require.Empty(t, second.seen(), "nothing reached the other one")
	again, _ := open(t, t.Context(), client)
	require.NoError(t, again.Send(&wmsv1.CancelOrdersRequest{Order: order(4, of("south"))}))
	frame, err := again.Recv()
	require.NoError(t, err)
	require.Equal(t, done, frame.GetResult().GetDisposition())
	require.Len(t, second.seen(), 1)
}

func TestTheDictionaryIsFollowedWhileWmssvcRuns(t *testing.T) {
	t.Parallel()
	v := newVendor(t, always(answerDone))
	path := file(t, "version: one\nentries: []\n")
	cfg := configFor(v.URL)
	cfg.DictionaryFile = path
	server, client := start(t, cfg)
	version := func() string { return cancelOne(t, client, order(1)).GetDictionaryVersion() }
	require.Contains(t, version(), "one")
	put(t, path, "version: two\nentries: [{}]\n")
	require.Eventually(t, func() bool {
		require.Contains(t, version(), "one", "one that is wrong changes nothing")
		return broken(t, server.Addr(), "WMS_DICTIONARY")
	}, soonEnough, 50*time.Millisecond)
	put(t, path, "version: two\nentries: []\n")
	require.Eventually(t, func() bool { return strings.Contains(version(), "two") }, soonEnough, 50*time.Millisecond)
}
