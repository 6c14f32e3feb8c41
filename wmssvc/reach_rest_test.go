package wmssvc

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// The failure: an account that rests after a throttle answer had no turn for the harmless call, and counted as one
// whose WMS does not answer.
func TestAnAccountThatRestsIsNotAway(t *testing.T) {
	t.Parallel()
	answer := "<response><flag>failure</flag><message>请求过于频繁，请2分钟后再试</message></response>"
	front := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }),
	)
	words, err := dictionary.Default()
	require.NoError(t, err)
	endpoint, err := url.Parse(front.URL + "/x")
	require.NoError(t, err)
	dialect, _ := wms.FindDialect("wdt")
	a := account.New(t.Context(),
		account.Settings{Name: "default", Endpoint: endpoint, Dialect: dialect, Timeout: time.Second}, words,
		slog.New(slog.DiscardHandler), time.Now)
	t.Cleanup(a.Close)
	var told []bool
	r := newReach([]*account.Account{a}, time.Second,
		func(serving bool) { told = append(told, serving) }, slog.New(slog.DiscardHandler))

	result, err := a.Probe(t.Context(), time.Second)
	require.NoError(t, err)
	require.Equal(t, dictionary.Throttled, result.Disposition)
	front.Close()
	r.set(t.Context(), "default", doubtful, "")
	r.probe(t.Context(), a)
	require.Equal(t, doubtful, r.standing("default"))
	require.Equal(t, []bool{true}, told)
}
