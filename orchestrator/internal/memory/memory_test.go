package memory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// world is a ledger, as the running role sees it, and the folder of a host.
type world struct {
	*testing.T
	pool   *pgxpool.Pool
	rows   rowtest.DB
	acts   acttest.Acts
	folder string
}

func setup(t *testing.T) world {
	t.Helper()
	pool := open(t, storetest.URL(t))
	w := world{t, pool, rowtest.New(t, pool), acttest.New(pool), filepath.Join(t.TempDir(), "memory")}
	w.rows.Scheme(rowtest.Scheme{})
	return w
}

func open(t *testing.T, address string) *pgxpool.Pool {
	t.Helper()
	pool, err := ledger.Open(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// host takes the folder, as an orchestrator does that starts.
func (w world) host() *memory.Keeper {
	w.Helper()
	k, err := memory.Open(w.folder, slog.New(slog.DiscardHandler))
	require.NoError(w, err)
	w.Cleanup(k.Close)
	return k
}

// acts does something and numbers its event.
func (w world) act(reason string) {
	w.Helper()
	require.NoError(w, w.acts.Pause(w.Context(), ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: reason}))
	w.number(w.pool)
}

func (w world) number(pool *pgxpool.Pool) {
	w.Helper()
	_, err := ledger.NumberEvents(w.Context(), pool)
	require.NoError(w, err)
}

// copied makes a database out of what another one is now.
func (w world) copied() (then *pgxpool.Pool) {
	w.Helper()
	address := w.pool.Config().ConnString()
	source, err := url.Parse(address)
	require.NoError(w, err)
	name := strings.TrimPrefix(source.Path, "/")
	admin := open(w.T, storetest.EmptyURL(w.T))
	w.pool.Reset()
	_, err = admin.Exec(w.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, name)
	require.NoError(w, err)
	_, err = admin.Exec(w.Context(), fmt.Sprintf(`create database %[1]s_kept template %[1]s`, name))
	require.NoError(w, err)
	w.Cleanup(func() {
		_, _ = admin.Exec(context.WithoutCancel(w.Context()), fmt.Sprintf(`drop database %s_kept with (force)`, name))
	})
	source.Path += "_kept"
	return open(w.T, source.String())
}

// confirm is what the act of a person does on the host that remembers this.
func (w world) confirm(pool *pgxpool.Pool, k *memory.Keeper) {
	w.Helper()
	head, newest, any := k.Head()
	require.True(w, any)
	require.NoError(w, pgx.BeginFunc(w.Context(), pool, func(tx pgx.Tx) error {
		return operate.ConfirmLedger(w.Context(), tx, ledger.Act{Actor: "li", Reason: "restored"},
			operate.Confirmed{Remembered: head.LedgerID, SeenEvent: newest.Number})
	}))
}

// An older copy as a database of its own: the same server, the same timeline, another number of the database.
func TestAnOlderCopyOnTheSameServerIsBehindUntilAPersonConfirms(t *testing.T) {
	w := setup(t)
	w.act("盘点")
	then := w.copied()
	w.act("盘点，再一次")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))

	require.ErrorIs(t, k.Compare(t.Context(), then), ledger.ErrWentBack)
	lost, behind := k.Lost()
	require.True(t, behind)
	require.EqualValues(t, 1, lost.ActCount)
	require.Equal(t, "盘点，再一次", lost.Acts[0].Why)
	require.Equal(t, "li", lost.Acts[0].Actor)
	require.Contains(t, lost.Words(), "缺 missing: 操作 acts 1")
	_, newest, _ := k.Head()
	require.Equal(t, newest.Number, lost.Newest.Number, "what it saw is not forgotten")

	// A host that starts now finds the same.
	k.Close()
	k = w.host()
	require.ErrorIs(t, k.Compare(t.Context(), then), ledger.ErrWentBack)
	w.confirm(then, k)
	require.NoError(t, k.Compare(t.Context(), then))
	_, behind = k.Lost()
	require.False(t, behind)
	require.NoError(t, k.Compare(t.Context(), then), "once is enough")
	require.ErrorIs(t, k.Compare(t.Context(), w.pool), ledger.ErrWentBack, "the former ledger is another one now")
	kept, err := os.ReadFile(filepath.Join(w.folder, "ledger-memory.previous.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(kept), "盘点，再一次", "what was missing can still be looked up")
}

// Somebody without a memory worked on by the older copy, so that its numbers are beyond what was seen: they are other
// events.
func TestACopyThatWentOnByItselfIsNotTakenForTheLedger(t *testing.T) {
	w := setup(t)
	w.act("a")
	then := w.copied()
	w.act("b")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	other := acttest.New(then)
	for range 3 {
		require.NoError(t, other.Pause(t.Context(), ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: "c"}))
	}
	w.number(then)
	require.ErrorIs(t, k.Compare(t.Context(), then), ledger.ErrWentBack)
	lost, _ := k.Lost()
	require.Greater(t, lost.HasNewest, lost.Newest.Number)
	require.EqualValues(t, 1, lost.ActCount)
}

// A whole copy elsewhere has all that was seen.
func TestACopyThatHasItAllStopsNobody(t *testing.T) {
	w := setup(t)
	w.act("a")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	require.NoError(t, k.Compare(t.Context(), w.copied()))
}

// A server took over that has each change and lost only the numbers, which it gives anew.
func TestChangesThatWereOnlyNumberedAnewAreNotMissing(t *testing.T) {
	w := setup(t)
	w.act("a")
	w.act("b")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	w.rows.Exec(`
with gone as (delete from event where event_number = (select max(event_number) from event) returning *)
insert into event_inbox (kind, state, reason, scheme, about_id, create_time)
select kind, state, reason, scheme, about_id, create_time from gone`)
	w.rows.Exec(`update ledger_identity set newest_number = newest_number - 1`)
	require.NoError(t, k.Compare(t.Context(), w.pool))
	w.number(w.pool)
	require.NoError(t, k.Compare(t.Context(), w.pool))
}

// What is older than events are kept cannot be looked for, and is no reason to stop.
func TestAHostThatWasDownForMonthsGoesOn(t *testing.T) {
	w := setup(t)
	w.act("a")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	w.act("b")
	w.rows.Exec(`delete from event`)
	w.rows.Exec(`update ledger_identity set dropped_number = newest_number`)
	require.NoError(t, k.Compare(t.Context(), w.pool))
}

func TestAnotherLedgerIsNotTakenForTheOneThatIsRemembered(t *testing.T) {
	w, o := setup(t), setup(t)
	o.rows.Exec(`update ledger_identity set memory_id = gen_random_uuid()`) // tests get copies of one ledger
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	require.ErrorIs(t, k.Compare(t.Context(), o.pool), ledger.ErrWentBack)
	lost, _ := k.Lost()
	require.True(t, lost.AnotherLedger)
	require.NoError(t, k.Compare(t.Context(), w.pool), "back at the one it knows")
	_, behind := k.Lost()
	require.False(t, behind)
}

// No connection to a ledger that went back reaches anybody who works by it: not even in the moment before it is known.
func TestAGuardedPoolHasNoConnectionToALedgerThatWentBack(t *testing.T) {
	w := setup(t)
	w.act("a")
	then := w.copied()
	w.act("b")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	guarded, err := ledger.OpenGuarded(t.Context(), w.pool.Config().ConnString(), nil, k.Guard)
	require.NoError(t, err)
	t.Cleanup(guarded.Close)
	k.Cut(guarded)
	require.NoError(t, guarded.Ping(t.Context()))
	_, err = ledger.OpenGuarded(t.Context(), then.Config().ConnString(), nil, k.Guard)
	require.ErrorIs(t, err, ledger.ErrWentBack)

	// The older copy was read into the same database: connections stayed open.
	w.rows.Exec(`update ledger_identity set newest_number = newest_number - 1`)
	w.rows.Exec(`delete from event where event_number = (select max(event_number) from event)`)
	require.ErrorIs(t, k.Compare(t.Context(), w.pool), ledger.ErrWentBack)
	require.ErrorIs(t, guarded.Ping(t.Context()), ledger.ErrWentBack)
}

// The folder survives a crash at any line: a torn line is dropped, and what came before stands.
func TestTheMemorySurvivesACrashAndIsReadByItsOwnerOnly(t *testing.T) {
	w := setup(t)
	w.act("a")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	_, before, _ := k.Head()
	_, err := memory.Open(w.folder, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, memory.ErrInUse)
	k.Close()
	path := filepath.Join(w.folder, "ledger-memory.jsonl")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(`{"n":99,"kind":"act","abo`)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	k = w.host()
	_, after, _ := k.Head()
	require.Equal(t, before.Number, after.Number)
	require.NoError(t, k.Compare(t.Context(), w.pool))
	k.Close()

	require.NoError(t, os.WriteFile(path, []byte("\x00\x00\x00"), 0o600))
	_, err = memory.Open(w.folder, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "does not say which ledger")
}

// Lines of more than seven days go, and the newest event is never forgotten.
func TestOldLinesGoAndTheNewestEventStays(t *testing.T) {
	w := setup(t)
	w.act("a")
	k := w.host()
	require.NoError(t, k.Compare(t.Context(), w.pool))
	head, newest, _ := k.Head()
	k.Close()
	lines := []any{head}
	for i := range 20000 {
		lines = append(lines, memory.Line{
			Number: int64(i + 1), Kind: ledger.EventAct, AboutID: int64(i), Time: time.Now().AddDate(0, 0, -8),
			Why: strings.Repeat("x", 100),
		})
	}
	newest.Number = 20001
	lines = append(lines, newest)
	var text strings.Builder
	for _, line := range lines {
		one, err := json.Marshal(line)
		require.NoError(t, err)
		text.Write(append(one, '\n'))
	}
	path := filepath.Join(w.folder, "ledger-memory.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	k = w.host()
	_, after, _ := k.Head()
	require.EqualValues(t, 20001, after.Number)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(2000))
}

// A host without a folder finds every ledger right.
func TestWithoutAFolderNothingIsRemembered(t *testing.T) {
	k, err := memory.Open("", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, k.Compare(t.Context(), nil))
	require.Error(t, memory.Check("relative/folder"))
}
