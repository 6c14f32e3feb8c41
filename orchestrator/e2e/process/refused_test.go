package process

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// wmssvc does not know the orchestrator: it is told within seconds, nothing is sent, and no batch is made, which would
// have Kingdee asked, however often the queue looks at what waits. Once wmssvc has the orchestrator's line it goes on.
func TestAnAdapterThatRefusesIsAConditionAndNothingIsSpentOnIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	const token = "0123456789abcdefo"
	li := accesstest.Caller{Name: "li", Role: "viewer", Token: "0123456789abcdefl"}
	us := accesstest.Caller{Name: "orchestrator", Role: "viewer", Token: token}
	callers := accesstest.File(t, li)
	w := setup(t)
	refusing := w.vendors.Settings()
	refusing["AUTH_CALLERS_FILE"] = callers
	wms := start(t, install.RoleWMS, refusing)
	rarely := strings.ReplaceAll(string(scheme.ShippedDocument()), "    sandbox_only: true\n",
		"    sandbox_only: true\n    incremental_interval: 1h\n")
	l := w.ledger()
	p, client := w.orchestrate(map[string]string{
		"ORCHESTRATOR_HOST_NAME": "wms-02", "WMSSVC_TARGET": wms.Addrs[0], "ADAPTER_TOKEN": token,
		"SCHEMES_FILE": written(t, rarely),
	})
	open := func() bool {
		return l.is(`exists (select from condition where kind = 'adapter_refused' and reason = 'wms' and host = 'wms-02'
    and detail <> '' and end_time is null)`)
	}
	await(t, 20*time.Second, "the ledger has it", open)
	code, body := ready(t, p)
	require.Equal(t, http.StatusOK, code, "it still reads")
	require.True(t, body.has("adapter_refused", "wms"), body)
	require.Contains(t, body.Conditions[0].Message, "旺店通适配器 wmssvc 拒绝主机 wms-02 的调用")
	require.True(t, l.is(`bool_or(action like '%WMS_CALLERS%')
from reporting.condition where kind = 'adapter_refused'`))

	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 3)
	require.NoError(t, client.Run(ctx))
	await(t, 20*time.Second, "they wait", func() bool {
		return l.is(`count(*) = 3 from cancellation_now where state = 'open'`)
	})
	beat := l.text(`select beat_time::text from host`)
	for range 3 { // each some seconds later
		await(t, time.Minute, "a sign of life",
			func() bool { return l.text(`select beat_time::text from host`) != beat })
		beat = l.text(`select beat_time::text from host`)
	}
	require.True(t, open())
	require.True(t, l.is(`count(*) > 3 from river_job where kind = 'dispatch'`), "it was looked at again and again")
	require.True(t, l.is(`count(*) = 0 from river_job where kind = 'batch'`), "nobody asks Kingdee")
	require.True(t, l.is(`count(*) = 0 from attempt`))

	require.NoError(t, os.WriteFile(callers, []byte(li.Line()+us.Line()), 0o600))
	await(t, 30*time.Second, "it is over", func() bool { return !open() })
	w.settled(ctx, client, l)
}

// A name that WMS_CALLERS does not have is known, and may cancel nothing; both adapters that refuse leave a host that
// is not ready.
func TestAHostThatNeitherAdapterLetsInIsNotReady(t *testing.T) {
	t.Parallel()
	us := accesstest.Caller{Name: "orchestrator", Role: "viewer", Token: "0123456789abcdefo"}
	li := accesstest.Caller{Name: "li", Role: "viewer", Token: "0123456789abcdefl"}
	w := setup(t)
	settings := w.vendors.Settings()
	settings["AUTH_CALLERS_FILE"], settings["WMS_CALLERS"] = accesstest.File(t, us), "another"
	wms := start(t, install.RoleWMS, settings)
	settings = w.vendors.Settings()
	settings["AUTH_CALLERS_FILE"] = accesstest.File(t, li)
	kingdee := start(t, install.RoleKingdee, settings)
	p, _ := w.orchestrate(map[string]string{
		"WMSSVC_TARGET": wms.Addrs[0], "KINGDEESVC_TARGET": kingdee.Addrs[0], "ADAPTER_TOKEN": us.Token,
	})
	await(t, 20*time.Second, "it is not ready", func() bool {
		code, body := ready(t, p)
		return code == http.StatusServiceUnavailable && body.has("adapter_refused", "kingdee") &&
			body.has("adapter_refused", "wms")
	})
	l := w.ledger()
	await(t, 20*time.Second, "why", func() bool {
		return l.is(`bool_or(detail like '%only another may%') from condition where reason = 'wms'`)
	})
}

func written(t *testing.T, text string) string {
	t.Helper()
	file := t.TempDir() + "/schemes.yaml"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
