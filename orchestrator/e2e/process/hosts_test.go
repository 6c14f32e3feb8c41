package process

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// soon keeps the work of a killed or frozen process lying for 2 s, not 40; with VOIDRELAY_TEST_DEFAULTS set it lies as
// long as it does in earnest, to take figures: run with -v, the tests say how long things took.
func soon() map[string]string {
	if os.Getenv("VOIDRELAY_TEST_DEFAULTS") != "" {
		return nil
	}
	return map[string]string{install.TakeoverSetting: "2s"}
}

// kept is a look into the database beside everybody else's.
type kept struct {
	t    *testing.T
	pool *pgxpool.Pool
}

func (w *town) ledger() kept {
	w.t.Helper()
	config, err := pgxpool.ParseConfig(w.database)
	require.NoError(w.t, err)
	config.ConnConfig.RuntimeParams["search_path"] = "voidrelay"
	pool, err := pgxpool.NewWithConfig(w.t.Context(), config)
	require.NoError(w.t, err)
	w.t.Cleanup(pool.Close)
	return kept{w.t, pool}
}

// is asks a question that is answered with true or false.
func (l kept) is(question string) bool {
	l.t.Helper()
	var so bool
	require.NoError(l.t, l.pool.QueryRow(l.t.Context(), `select `+question).Scan(&so))
	return so
}

// text answers a query's one text, empty if it finds none.
func (l kept) text(query string) (text string) {
	l.t.Helper()
	require.NoError(l.t, l.pool.QueryRow(l.t.Context(), `select coalesce((`+query+`), '')`).Scan(&text))
	return text
}

// do writes what no act does.
func (l kept) do(statement string) {
	l.t.Helper()
	_, err := l.pool.Exec(l.t.Context(), statement)
	require.NoError(l.t, err)
}

// runHolder is the name of the orchestrator that is at the run; empty while nobody is.
const runHolder = `
select a.application_name from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory'
  and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended('voidrelay run assembly-void', 0)
  and l.database = (select oid from pg_database where datname = current_database()) and l.granted`

// inFlight: something was handed over and not answered.
const inFlight = `exists (select from attempt where disposition = '')`

// nothingLate: no request left after the last moment that its intent names.
const nothingLate = `not exists (select from attempt where send_time > send_before)`

// named starts an orchestrator that the database knows by that name.
func (w *town) named(name string, more map[string]string) (*install.Process, *install.Client) {
	w.t.Helper()
	settings := map[string]string{"DATABASE_URL": w.database + separator(w.database) + "application_name=" + name}
	for key, value := range more {
		settings[key] = value
	}
	return w.orchestrate(settings)
}

func separator(url string) string {
	if strings.Contains(url, "?") {
		return "&"
	}
	return "?"
}

// void makes so many bills, lets them be seen live, and voids them.
func (w *town) void(ctx context.Context, client *install.Client, count int) {
	w.t.Helper()
	numbers, err := w.vendors.Kingdee.Bulk(ctx, books.Bulk{Count: count, Stocks: []string{"CK001", "CK002"}})
	require.NoError(w.t, err)
	require.NoError(w.t, client.Run(ctx))
	require.NoError(w.t, w.vendors.Kingdee.VoidMany(ctx, numbers))
}

// slow makes the WMS take so long over each request.
func (w *town) slow(wait time.Duration) {
	w.t.Helper()
	p := w.vendors.WMS.Personality()
	p.LatencyMS = int(wait.Milliseconds())
	require.NoError(w.t, w.vendors.WMS.SetPersonality(p))
}

// settled expects every cancellation cancelled, once, in time, and both sides' books to agree.
func (w *town) settled(ctx context.Context, client *install.Client, l kept) {
	w.t.Helper()
	require.NoError(w.t, client.Settled(ctx))
	require.True(w.t, l.is(`count(*) > 0 and bool_and(state = 'done') from cancellation_now`),
		l.text(`select string_agg(distinct state, ' ') from cancellation_now`))
	require.True(w.t, l.is(nothingLate))
	w.agree(client)
}

// The leader of two is killed with requests in flight and others of its batch without a lease yet. The other must carry
// all of them on, though it has to become the leader first.
func TestTheWorkOfAKilledOrchestratorGoesOn(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"WMS_CONCURRENCY": "2"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	first, client := w.named("a", soon())
	require.NoError(t, client.Baseline(ctx))
	w.slow(2 * time.Second)
	w.void(ctx, client, 12)
	await(t, time.Minute, "requests are in flight and others wait", func() bool {
		return l.is(inFlight + ` and exists (select from cancellation_now where state = 'open' and attempt = 0)`)
	})
	_, client = w.named("b", soon())
	first.Kill()
	killed := time.Now()
	w.slow(0)
	w.settled(ctx, client, l)
	t.Logf("all of it settled %s after the kill", time.Since(killed).Round(100*time.Millisecond))
	require.True(t, l.is(`exists (select from attempt where disposition = 'unknown')`),
		"what was in flight was asked for again")
}

// rereadSeldom lets a recheck and a reconcile run come once an hour.
func rereadSeldom(t *testing.T, settings map[string]string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	document := fmt.Appendf(scheme.ShippedDocument(), "    recheck_interval: 1h\n    reconcile_interval: 1h\n")
	require.NoError(t, os.WriteFile(file, document, 0o600))
	seldom := map[string]string{"SCHEMES_FILE": file}
	maps.Copy(seldom, settings)
	return seldom
}

// rereadAll has this hour's recheck and reconcile run done with. One that came later could deal with voided bills
// before a run does: the run would find nothing new, and have no pages to store one by one.
func (w *town) rereadAll(ctx context.Context, client *install.Client, l kept) {
	w.t.Helper()
	for _, kind := range []orchestratorv1.RunKind{
		orchestratorv1.RunKind_RUN_KIND_RECHECK, orchestratorv1.RunKind_RUN_KIND_RECONCILE,
	} {
		_, err := client.Runs.StartRun(ctx, &orchestratorv1.StartRunRequest{Scheme: "assembly-void", Kind: kind})
		require.NoError(w.t, err)
	}
	await(w.t, time.Minute, "the recheck and the reconcile run are done", func() bool {
		return l.is(
			`count(distinct kind) = 2 and bool_and(state = 'complete') from run join run_comparison using (run_id)`,
		)
	})
}

// An orchestrator is killed in the middle of a run, and another asked to stop in the middle of the next. Both runs go
// on where they were, elsewhere.
func TestARunGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	hosts := map[string]*install.Process{}
	clients := map[string]*install.Client{}
	settings := rereadSeldom(t, soon())
	for _, name := range []string{"a", "b", "c"} {
		hosts[name], clients[name] = w.named(name, settings)
	}
	require.NoError(t, clients["a"].Baseline(ctx))
	w.rereadAll(ctx, clients["a"], l)
	for _, end := range []func(*install.Process){
		(*install.Process).Kill, func(p *install.Process) { terminate(t, p) },
	} {
		var any *install.Client
		for _, client := range clients {
			any = client
		}
		w.void(ctx, any, 40)
		require.NoError(t,
			w.vendors.Kingdee.AddFault(kbehaviour.Fault{Service: kbehaviour.ServiceQuery, Count: 20, DelayMillis: 300}))
		var holder string
		await(t, time.Minute, "a run is between its pages", func() bool {
			holder = l.text(runHolder)
			return hosts[holder] != nil && l.is(
				`exists (select from run join run_reading using (run_id) where state = 'running' and cursor_id > 0)`,
			)
		})
		run := l.text(`select run_id::text from run join run_reading using (run_id) where state = 'running'`)
		began := time.Now()
		end(hosts[holder])
		delete(hosts, holder)
		delete(clients, holder)
		await(t, time.Minute, "the run is complete", func() bool {
			return l.is(`exists (select from run join run_reading using (run_id) where run_id = ` + run +
				` and state = 'complete')`)
		})
		t.Logf("the run was complete %s later", time.Since(began).Round(100*time.Millisecond))
	}
	for _, client := range clients {
		w.settled(ctx, client, l)
	}
	require.True(t, l.is(`not exists (select from run join run_reading using (run_id) where state = 'failed')`),
		"no run had to begin anew")
}

// An orchestrator is frozen (SIGSTOP) with requests in flight. Its work is taken over and done; then it wakes with its
// old answers, and with what it had still meant to send.
func TestAFrozenOrchestratorChangesNothingWhenItWakes(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"WMS_CONCURRENCY": "4"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	first, client := w.named("a", soon())
	require.NoError(t, client.Baseline(ctx))
	w.slow(2 * time.Second)
	w.void(ctx, client, 12)
	await(t, time.Minute, "requests are in flight", func() bool { return l.is(inFlight) })
	_, client = w.named("b", soon())
	require.NoError(t, first.Freeze())
	// It leads, and its lead ends by itself after 15 s; the test need not wait for that.
	_, err := l.pool.Exec(ctx, `update river_leader set expires_at = now()`)
	require.NoError(t, err)
	w.slow(0)
	w.settled(ctx, client, l)
	before := l.text(`select string_agg(c::text, chr(10) order by cancellation_id)
from (select cancellation_id, state, outcome, attempt, outcome_time from cancellation_now) c`)

	require.NoError(t, first.Thaw())
	// It stops well, with its jobs ended: everything that it had in hand has come to something.
	terminate(t, first)
	w.settled(ctx, client, l)
	require.Equal(t, before, l.text(`select string_agg(c::text, chr(10) order by cancellation_id)
from (select cancellation_id, state, outcome, attempt, outcome_time from cancellation_now) c`))
}

// Two orchestrators send, and a person says stop to one of them.
func TestStopAllIsHeardByTheOtherProcessWithinASecond(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"WMS_CONCURRENCY": "4"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	settings := limitless(t)
	_, first := w.named("a", settings)
	_, second := w.named("b", settings)
	require.NoError(t, first.Baseline(ctx))
	w.slow(300 * time.Millisecond)
	for range 2 {
		w.void(ctx, second, 150)
	}
	await(t, time.Minute, "the WMS was asked for some", func() bool {
		return l.is(`count(*) > 20 from attempt where result_time is not null`)
	})
	_, err := first.Schemes.StopAll(ctx, &orchestratorv1.StopAllRequest{Reason: "wrong warehouse"})
	require.NoError(t, err)
	heard := time.Now()
	await(t, time.Minute, "what was in flight has ended", func() bool {
		return l.is(`not exists (select from cancellation_now where lease_until is not null)`)
	})
	require.NoError(t, second.Run(ctx))
	require.True(t, l.is(`exists (select from cancellation_now where state = 'open')`), "something was left to stop")
	// Both work for the one scheme, whoever has the batch at hand: nothing of either arrives later than that.
	for order := range w.vendors.WMS.EachTruth(warehouse.Filter{}) {
		for _, arrival := range order.Arrivals {
			require.False(t, order.WarehouseCode != "VOIDRELAY-CHECK" && arrival.At.After(heard.Add(time.Second)),
				order.OrderCode)
		}
	}
	_, err = second.Schemes.ResumeAll(ctx, &orchestratorv1.ResumeAllRequest{Reason: "checked"})
	require.NoError(t, err)
	w.slow(0)
	w.settled(ctx, first, l)
}

// limitless is the shipped scheme without a safety limit that the test would meet.
func limitless(t *testing.T) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	document := fmt.Appendf(scheme.ShippedDocument(), "    safety_limits: {per_hour: 1000, per_day: 1000}\n")
	require.NoError(t, os.WriteFile(file, document, 0o600))
	return map[string]string{"SCHEMES_FILE": file}
}

// wmssvc is frozen with orders in its queue, until long after the last moment of each. When it wakes, not one of them
// may leave.
func TestAFrozenAdapterSendsNothingLate(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"WMS_CONCURRENCY": "4", "WMS_RATE": "2"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	_, client := w.named("a", soon())
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 5)
	await(t, time.Minute, "orders wait in the adapter", func() bool { return l.is(inFlight) })
	require.NoError(t, w.wms.Freeze())
	await(t, time.Minute, "their last moment has passed", func() bool {
		return l.is(
			`bool_and(send_before < now() - interval '1 second') from attempt where disposition in ('', 'unknown')`,
		)
	})
	require.NoError(t, w.wms.Thaw())
	w.settled(ctx, client, l)
}
