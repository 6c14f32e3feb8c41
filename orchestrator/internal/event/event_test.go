package event_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// world is a ledger whose events are read as the running role.
type world struct {
	t      *testing.T
	pool   *pgxpool.Pool
	reader *event.Reader
	rows   rowtest.DB
}

func setup(t *testing.T) *world {
	t.Helper()
	pool := openPool(t, storetest.URL(t))
	w := &world{t: t, pool: pool, reader: event.NewReader(pool), rows: rowtest.New(t, pool)}
	w.rows.Scheme(rowtest.Scheme{})
	return w
}

func openPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := ledger.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// open is a change: it opens a work item about a subject, in a transaction that has begun.
func open(ctx context.Context, tx pgx.Tx, subject string) error {
	return ledger.OpenWorkItems(ctx, tx, rowtest.SchemeName,
		[]ledger.Work{{Kind: rule.WorkNoWarehouse, Subject: subject}})
}

func (w *world) change(subjects ...string) {
	w.t.Helper()
	require.NoError(w.t, ledger.InTx(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		for _, subject := range subjects {
			if err := open(w.t.Context(), tx, subject); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) number() int64 {
	w.t.Helper()
	n, err := ledger.NumberEvents(w.t.Context(), w.pool)
	require.NoError(w.t, err)
	return n
}

func (w *world) identity() ledger.Identity {
	w.t.Helper()
	identity, err := w.reader.Identity(w.t.Context())
	require.NoError(w.t, err)
	return identity
}

// next reads the subjects of the work items that were opened behind a token.
func (w *world) next(from event.Token) (subjects []string, through event.Token) {
	w.t.Helper()
	page, err := w.reader.Next(w.t.Context(), from, event.Filter{})
	require.NoError(w.t, err)
	return w.subjects(page.Events), page.Through
}

func (w *world) subjects(events []event.Event) (subjects []string) {
	w.t.Helper()
	for _, e := range events {
		subjects = append(subjects, w.rows.Text(`select subject from work_item where work_item_id = $1`, e.WorkItemID))
	}
	return subjects
}

// A transaction that began first commits last. Who reads by the order of writing would pass over what it wrote.
func TestWhatCommitsLateIsNumberedLateAndHoldsNobodyUp(t *testing.T) {
	w := setup(t)
	began := event.Newest(w.identity())
	long, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, open(t.Context(), long, "long"))
	w.change("a", "b")
	require.EqualValues(t, 2, w.number())
	got, through := w.next(began)
	require.Equal(t, []string{"a", "b"}, got)

	w.change("c")
	require.EqualValues(t, 1, w.number(), "also while it is open")
	require.NoError(t, long.Commit(t.Context()))
	require.EqualValues(t, 1, w.number())
	got, through = w.next(through)
	require.Equal(t, []string{"c", "long"}, got)
	require.Zero(t, w.number())
	got, again := w.next(through)
	require.Empty(t, got)
	require.Equal(t, through, again)
}

func TestWhatIsTakenBackLeavesNoEvent(t *testing.T) {
	w := setup(t)
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, open(t.Context(), tx, "a"))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Zero(t, w.number())
	require.Zero(t, w.identity().Newest)
}

// A group is numbered in the order of writing: what closes a work item comes after what opened it.
func TestAGroupKeepsTheOrderOfWhatFollows(t *testing.T) {
	w := setup(t)
	began := event.Newest(w.identity())
	for i := range 30 {
		w.change(fmt.Sprintf("s%d", i))
		require.NoError(t, ledger.InTx(t.Context(), w.pool, func(tx pgx.Tx) error {
			return ledger.CloseWorkItems(t.Context(), tx, "over", `w.subject = @subject`,
				pgx.StrictNamedArgs{"subject": fmt.Sprintf("s%d", i)})
		}))
	}
	require.EqualValues(t, 60, w.number())
	page, err := w.reader.Next(t.Context(), began, event.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Events, 60)
	for i, e := range page.Events {
		require.Equal(t, []ledger.EventKind{ledger.EventWorkOpened, ledger.EventWorkClosed}[i%2], e.Kind)
		require.Equal(t, page.Events[i-i%2].WorkItemID, e.WorkItemID)
	}
}

// Several hosts number at once: every event gets one number, and the numbers have no gap.
func TestHostsThatNumberAtOnceNumberEachEventOnce(t *testing.T) {
	w := setup(t)
	const writers, each = 6, 40
	var writing, numbering sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		numbering.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, err := ledger.NumberEvents(t.Context(), w.pool)
					if err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for i := range writers {
		writing.Go(func() {
			for n := range each {
				if err := ledger.InTx(t.Context(), w.pool, func(tx pgx.Tx) error {
					return open(t.Context(), tx, fmt.Sprintf("%d/%d", i, n))
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	numbering.Wait()
	w.number()
	require.Equal(t, fmt.Sprintf("%[1]d 1 %[1]d %[1]d", writers*each), w.rows.Text(`
select count(*) || ' ' || min(event_number) || ' ' || max(event_number) || ' ' || count(distinct about_id) from event`))
	require.EqualValues(t, writers*each, w.identity().Newest)
}

// The sequencer of a host that is frozen in the middle holds nobody up for longer than one statement takes; one that is
// gone leaves nothing behind that another would have to take over.
func TestAnotherHostGoesOnAtOnce(t *testing.T) {
	w := setup(t)
	first, second := make(chan struct{}), make(chan struct{})
	var hosts sync.WaitGroup
	logger := slog.New(slog.DiscardHandler)
	hosts.Go(func() { event.NewSequencer(w.pool, logger).Run(first) })
	hosts.Go(func() { event.NewSequencer(openPool(t, w.pool.Config().ConnString()), logger).Run(second) })
	w.change("a")
	require.Eventually(t, func() bool { return w.identity().Newest == 1 }, 5*time.Second, 10*time.Millisecond)
	close(first)
	w.change("b")
	require.Eventually(t, func() bool { return w.identity().Newest == 2 }, 5*time.Second, 10*time.Millisecond)
	close(second)
	hosts.Wait()
}

func TestATokenFromBeforeEventsWereDroppedSaysWhereToBegin(t *testing.T) {
	w := setup(t)
	began := event.Newest(w.identity())
	w.change("a", "b", "c")
	w.number()
	w.rows.Exec(`delete from event where event_number <= 2`)
	w.rows.Exec(`update ledger_identity set dropped_number = 2`)
	_, err := w.reader.Next(t.Context(), began, event.Filter{})
	var stale *event.StaleError
	require.ErrorAs(t, err, &stale)
	require.False(t, stale.Restored)
	require.EqualValues(t, 2, stale.Oldest.Number)
	require.EqualValues(t, 3, stale.Newest.Number)
	got, _ := w.next(stale.Oldest)
	require.Equal(t, []string{"c"}, got)
}

// A copy of the database is another ledger from then on, once, whoever asks; the original stays as it is.
func TestACopyIsAnotherLedger(t *testing.T) {
	w := setup(t)
	w.change("a")
	w.number()
	before := w.identity()
	require.Equal(t, before, w.identity(), "it is drawn once")

	w.rows.Exec(`update ledger_identity set timeline = timeline - 1`)
	w.change("b")
	w.number()
	after := w.identity()
	require.NotEqual(t, before.LedgerID, after.LedgerID)
	require.EqualValues(t, 2, after.Newest)
	require.Equal(t, after, w.identity())
	_, err := w.reader.Next(t.Context(), event.Newest(before), event.Filter{})
	var stale *event.StaleError
	require.ErrorAs(t, err, &stale)
	require.True(t, stale.Restored)
	require.Equal(t, event.Newest(after), stale.Newest)
	got, _ := w.next(stale.Oldest)
	require.Equal(t, []string{"a", "b"}, got)
}

// A ledger from an older copy of the same files has fewer events than somebody has seen.
func TestATokenAheadOfTheLedgerIsRefused(t *testing.T) {
	w := setup(t)
	ahead := event.Newest(w.identity())
	ahead.Number++
	_, err := w.reader.List(t.Context(), &ahead, event.Filter{}, 10)
	var stale *event.StaleError
	require.ErrorAs(t, err, &stale)
	require.True(t, stale.Restored)
}

func TestAFilterIsReadPieceByPiece(t *testing.T) {
	w := setup(t)
	began := event.Newest(w.identity())
	w.rows.Exec(`
insert into event_inbox (kind, reason, scheme, about_id)
select 'act', 'pause', 'assembly', 0 from generate_series(1, 45000)`)
	w.change("a")
	for w.number() > 0 {
		continue
	}
	filter := event.Filter{Kinds: []ledger.EventKind{ledger.EventWorkOpened}}
	var found []string
	var pages int
	for from, more := began, true; more; pages++ {
		page, err := w.reader.Next(t.Context(), from, filter)
		require.NoError(t, err)
		found = append(found, w.subjects(page.Events)...)
		from, more = page.Through, page.More
	}
	require.Equal(t, []string{"a"}, found)
	require.Greater(t, pages, 2, "no page covers all")
}

func FuzzParseToken(f *testing.F) {
	f.Add("")
	f.Add(event.Token{Number: 7}.String())
	f.Add(event.Token{LedgerID: [16]byte{1, 2}, Number: 1 << 62}.String() + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		if token, err := event.ParseToken(text); err == nil {
			require.Equal(t, text, token.String())
			require.GreaterOrEqual(t, token.Number, int64(0))
		} else {
			require.ErrorIs(t, err, event.ErrToken)
		}
	})
}
