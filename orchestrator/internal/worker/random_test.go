package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/reconcile"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/ruletest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// control is a bill that stays live: it shows that bills are shown.
const control = 1

// randomSchemes are what the lives are watched for.
var randomSchemes = []struct {
	triggers string
	watched  ruletest.Watched
}{
	{"triggers: [voided]", ruletest.Watched{Triggers: []rule.Trigger{rule.TriggerVoided}}},
	{
		"triggers: [voided, un_audited]\n    un_audited: {dwell: 120s}\n    number_reuse: same",
		ruletest.Watched{Triggers: []rule.Trigger{rule.TriggerVoided, rule.TriggerUnAudited}, Dwell: 2 * time.Minute},
	},
	{runtest.AllTriggers, ruletest.Watched{Triggers: rule.Triggers, Dwell: 2 * time.Minute}},
}

// Random lives of bills, while runs, rechecks, reconcile runs, backfills, dispatches and batches overlap, get lost and
// are killed. Each scheme has its turn, and then as many more as go into a moment; VOIDRELAY_LIVES=200 plays 200,
// VOIDRELAY_LIVES=17- plays the one of that seed.
func TestRandomLivesOfManyBillsEndInTheLedgerWhereASimpleModelSays(t *testing.T) {
	first, count, within := uint64(0), uint64(12), 15*time.Second
	if asked := os.Getenv("VOIDRELAY_LIVES"); asked != "" {
		n, err := strconv.ParseUint(strings.TrimSuffix(asked, "-"), 10, 64)
		require.NoError(t, err)
		count, within = n, time.Hour
		if strings.HasSuffix(asked, "-") {
			first, count = n, 1
		}
	}
	begun := time.Now()
	for seed := first; seed < first+count && (seed < uint64(len(randomSchemes)) || time.Since(begun) < within); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := newLives(t, seed)
			defer func() {
				if t.Failed() {
					t.Logf("VOIDRELAY_LIVES=%d- plays this again; %s; %+v\n%s",
						seed, l.triggers, l.kingdee.habits, strings.Join(l.story, "\n"))
				}
			}()
			for range 90 {
				l.step()
			}
			l.settle()
			require.NoError(t, l.check())
		})
	}
}

// lives is a ledger whose clock is the test's own, and everything around it.
type lives struct {
	*runtest.Bench
	rng      *rand.Rand
	at       atomic.Int64
	triggers string
	watched  ruletest.Watched
	kingdee  *randomKingdee
	wms      *randomWMS
	queue    []queue.BatchArgs
	stored   *storedResults
	// depth is how many things are under way that a random thing may happen in the middle of; looking are the looks
	// among them.
	depth   int
	looking map[ledger.RunKind]bool
	kill    context.CancelFunc
	story   []string
}

func newLives(t *testing.T, seed uint64) *lives {
	l := &lives{
		rng: rand.New(rand.NewPCG(seed, 13)), looking: map[ledger.RunKind]bool{}, //nolint:gosec // a repeatable test
		stored: newStoredResults(),
	}
	l.triggers, l.watched = randomSchemes[seed%3].triggers, randomSchemes[seed%3].watched
	pool := ownClock(t)
	l.Bench = &runtest.Bench{T: t, Store: rooms.New(pool), Pool: pool}
	l.moveTo(time.Date(2026, 9, 1, 1, 30, 0, 0, time.UTC))
	l.Load("h1")
	document := strings.Replace(string(scheme.ShippedDocument()), "triggers: [voided]", l.triggers, 1)
	schemes, err := scheme.Load([]byte(document), "random.yaml")
	require.NoError(t, err)
	e, _ := l.Job.Registry.Entry(schemes[0].Name)
	e.Scheme = schemes[0]
	l.Put(e)
	l.kingdee = &randomKingdee{
		rng: l.rng, habits: ruletest.RandomHabits(l.rng), now: l.now, touched: map[int64]time.Time{},
		meanwhile: l.meanwhile, tell: l.tell,
	}
	l.kingdee.create("").Audit()
	for range 5 + l.rng.IntN(8) {
		l.kingdee.create("")
	}
	codes := map[string]string{}
	for _, name := range warehouses {
		e, _ := l.Job.Registry.Entry("assembly-void")
		w, _ := e.Warehouse(name)
		codes[w.Code] = name
	}
	l.wms = &randomWMS{
		rng: l.rng, now: l.now, kingdee: l.kingdee, codes: codes, cancelled: map[orderKey]bool{},
		meanwhile: l.meanwhile, stored: l.stored, tell: l.tell,
	}
	l.Job.Kingdee, l.Job.WMS, l.Job.Now, l.Job.Insert = l.kingdee, l.wms, l.now, l
	for range 10 {
		l.forward(time.Minute)
		l.kingdee.happen()
	}
	l.kingdee.quiet = true
	l.run(t.Context())
	l.kingdee.quiet = false
	require.Equal(t, "1", l.Text(`select count(*)::text from watermark`))
	return l
}

// ownClock is a ledger whose now() is a row that the test sets.
func ownClock(t *testing.T) *pgxpool.Pool {
	cfg, err := pgxpool.ParseConfig(storetest.URL(t))
	require.NoError(t, err)
	cfg.ConnConfig.RuntimeParams["search_path"] = ledger.Schema + ", pg_catalog"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.MaxConns = 20
	cfg.AfterConnect = ledger.ZeroTimes
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	rowtest.New(t, pool).Exec(`
create table test_clock as select pg_catalog.now() as at;
grant select, update on test_clock to voidrelay_app;
create function now() returns timestamptz language sql stable as 'select at from voidrelay.test_clock';
do $$
declare c record;
begin
    for c in select table_name, column_name from information_schema.columns
             where table_schema = 'voidrelay' and column_default in ('now()', 'pg_catalog.now()') loop
        execute format('alter table %I alter column %I set default voidrelay.now()', c.table_name, c.column_name);
    end loop;
end $$`)
	return pool
}

func (l *lives) now() time.Time { return time.Unix(0, l.at.Load()).UTC() }

func (l *lives) moveTo(at time.Time) {
	l.at.Store(at.UnixNano())
	_, err := l.Pool.Exec(context.WithoutCancel(l.Context()), `update test_clock set at = $1`, at)
	require.NoError(l, err)
}

func (l *lives) forward(d time.Duration) { l.moveTo(l.now().Add(d)) }

func (l *lives) tell(format string, args ...any) {
	l.story = append(l.story,
		l.now().Format("02 15:04:05.000 ")+strings.Repeat("    ", l.depth)+fmt.Sprintf(format, args...))
}

// The lives are the queue that everybody puts jobs into: batches are kept, runs and dispatches come anyway.
func (l *lives) InsertTx(ctx context.Context, _ pgx.Tx, args river.JobArgs) error {
	return l.Insert(ctx, args)
}

func (l *lives) Insert(_ context.Context, args river.JobArgs) error {
	if s, ok := args.(queue.BatchArgs); ok {
		slices.Sort(s.IDs)
		l.queue = append(l.queue, s)
	}
	return nil
}

func (l *lives) InsertOnce(ctx context.Context, args river.JobArgs, _ time.Duration) error {
	return l.Insert(ctx, args)
}

// step lets some time pass and then one thing happen.
func (l *lives) step() {
	pause := time.Duration(1+l.rng.IntN(90)) * time.Second
	if l.rng.IntN(8) == 0 {
		pause *= 20
	}
	l.forward(pause)
	switch n := l.rng.IntN(20); {
	case n < 7:
		for range 1 + l.rng.IntN(3) {
			l.kingdee.happen()
		}
	default:
		l.work(n)
	}
}

// meanwhile is what happens while somebody waits for a vendor.
func (l *lives) meanwhile() {
	if l.depth > 2 || l.rng.IntN(6) > 0 {
		return
	}
	if l.rng.IntN(25) == 0 {
		l.tell("  killed")
		l.kill()
		return
	}
	l.forward(time.Duration(l.rng.IntN(8000)) * time.Millisecond)
	switch n := l.rng.IntN(24); {
	case n < 14:
		l.kingdee.happen()
	case n < 22:
		l.work(7 + l.rng.IntN(13))
	default:
		l.forward(time.Duration(l.rng.IntN(30)) * time.Second)
	}
}

func (l *lives) work(n int) {
	switch {
	case n < 8:
		l.under("backfill", l.fill)
	case n < 12:
		l.under("run", l.run)
	case n < 14:
		l.under("recheck", func(ctx context.Context) { l.reread(ctx, ledger.Recheck) })
	case n < 15:
		l.under("reconcile", func(ctx context.Context) { l.reread(ctx, ledger.Reconcile) })
	case n < 17:
		l.under("dispatch", l.dispatch)
	default:
		l.under("batch", l.batch)
	}
}

// under does something that may be killed.
func (l *lives) under(what string, do func(context.Context)) {
	l.tell("%s", what)
	ctx, kill := context.WithCancel(l.Context())
	defer kill()
	before := l.kill
	l.kill = kill
	l.depth++
	do(ctx)
	l.depth--
	l.kill = before
}

// fine takes the faults of a job that was killed, or that gave way.
func (l *lives) fine(ctx context.Context, err error) {
	if ctx.Err() == nil && !errors.Is(err, ledger.ErrConflict) {
		require.NoError(l, err)
	}
}

func (l *lives) run(ctx context.Context) {
	l.fine(ctx, l.Job.Run(ctx, queue.RunArgs{Scheme: "assembly-void", Asked: true}))
}

func (l *lives) reread(ctx context.Context, what ledger.RunKind) {
	if l.looking[what] {
		return
	}
	l.looking[what] = true
	defer delete(l.looking, what)
	again := &reconcile.Rereader{Store: l.Store, Kingdee: l.Job.Kingdee, Registry: l.Job.Registry, Insert: l.Job.Insert,
		Logger: l.Job.Logger, Now: l.Job.Now}
	s := &reconcile.Reconciler{Rereader: again, Ledger: l.Store}
	l.fine(ctx, s.Run(ctx, queue.ReconcileArgs{Scheme: "assembly-void", What: what, Asked: true}))
}

func (l *lives) dispatch(ctx context.Context) {
	l.fine(ctx, (&push.Doorman{Store: l.Store, WMS: l.wms, Logger: l.Job.Logger}).Probe(ctx))
	d := &push.Dispatcher{Store: &mortal{All: l.Store, results: l.stored, killed: ctx}, Registry: l.Job.Registry,
		Insert: l, Logger: l.Job.Logger, Now: l.now, Hold: push.LeaseHold + push.BatchHold}
	l.fine(ctx, d.Run(ctx))
}

// batch works on a batch that is in the queue; some get lost.
func (l *lives) batch(ctx context.Context) {
	if len(l.queue) == 0 {
		l.dispatch(ctx)
	}
	if len(l.queue) == 0 {
		return
	}
	i := l.rng.IntN(len(l.queue))
	args := l.queue[i]
	l.queue = slices.Delete(l.queue, i, i+1)
	if !l.kingdee.quiet && l.rng.IntN(25) == 0 {
		l.tell("  the job is lost")
		return
	}
	dying := &mortal{All: l.Store, results: l.stored, killed: ctx}
	s := &push.Batcher{
		Store: dying, WMS: l.wms, Doorman: &push.Doorman{Store: l.Store, WMS: l.wms, Logger: l.Job.Logger},
		Registry: l.Job.Registry, Logger: l.Job.Logger, Now: l.now,
		Hold: push.LeaseHold, Verifier: &push.Verifier{Store: dying, Kingdee: l.kingdee, Logger: l.Job.Logger,
			Now:    l.now,
			AtOnce: 1},
		Recorder: push.NewRecorder(dying, l.Job.Logger), Windows: &push.Windows{},
	}
	l.fine(ctx, s.Run(ctx, args))
}

// settle lets everything come to rest: people do nothing any more, nothing gets lost, and everybody looks again.
func (l *lives) settle() {
	l.kingdee.quiet, l.wms.quiet = true, true
	l.tell("quiet")
	for n := range 50 {
		l.forward([]time.Duration{time.Minute, 31 * time.Minute, time.Hour}[min(n/3, 2)])
		l.under("run", l.run)
		if n%2 == 0 && n < 10 {
			l.under("recheck", func(ctx context.Context) { l.reread(ctx, ledger.Recheck) })
			l.under("reconcile", func(ctx context.Context) { l.reread(ctx, ledger.Reconcile) })
		}
		if n < 10 {
			l.under("backfill", l.fill)
		}
		reason := l.Text(`select coalesce(max(kind), '') from condition where by_person and end_time is null`)
		if reason != "" {
			l.tell("  a person resumes: %s", reason)
			require.NoError(l, l.Acts().Resume(l.Context(),
				ledger.Act{Scheme: "assembly-void", Actor: "test", Reason: "test"}))
		}
		require.Equal(l, "0", l.Text(`select count(*)::text from condition where by_person and end_time is null`))
		l.under("dispatch", l.dispatch)
		for len(l.queue) > 0 {
			l.under("batch", l.batch)
		}
		if n > 9 && l.Text(`select count(*)::text from cancellation_now where state in ('planned', 'open')`) == "0" {
			return
		}
	}
}
