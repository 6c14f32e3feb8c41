package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestItServesUntilInterruptedAndPrintsHowToReachIt(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	out, printed := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0"}, printed, io.Discard)
		_ = printed.Close()
	}()
	settings := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if name, value, found := strings.Cut(lines.Text(), "="); found {
			settings[name] = value
		}
		if strings.HasPrefix(lines.Text(), "# control: ") {
			break
		}
	}
	require.NotEmpty(t, settings["WMS_SID"])
	require.True(t, strings.HasSuffix(settings["WMS_URL"], "/wms_api/wdt_service.php"))

	status, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimPrefix(lines.Text(), "# control: "), nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(status)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Contains(t, string(body), `"orders":80`)

	interrupt()
	require.NoError(t, <-ended)
	http.DefaultClient.CloseIdleConnections()
}

func TestAWrongFlagOrAddressIsAnError(t *testing.T) {
	t.Parallel()
	require.Error(t, run(t.Context(), []string{"-nonsense"}, io.Discard, io.Discard))
	require.Error(t, run(t.Context(), []string{"-addr", "nowhere"}, io.Discard, io.Discard))
	require.Error(t, run(t.Context(), []string{"-personality", `{"colour":"red"}`}, io.Discard, io.Discard))
	require.Error(t, run(t.Context(), []string{"-personality", `{"match":"loosely"}`}, io.Discard, io.Discard))
}
