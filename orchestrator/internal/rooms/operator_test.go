package rooms_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func act(requestID string) ledger.Act {
	return ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: "试运行结束", RequestID: requestID}
}

// states answers the state of each cancellation by its warehouse.
func states(t *testing.T, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `select warehouse_code, state from cancellation_now`)
	require.NoError(t, err)
	found := map[string]string{}
	var warehouse, state string
	_, err = pgx.ForEachRow(rows, []any{&warehouse, &state}, func() error { found[warehouse] = state; return nil })
	require.NoError(t, err)
	return found
}

// openWorkKinds are the kinds of the open work items, then of the open conditions.
func openWorkKinds(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
(select kind from work_item where close_time is null order by work_item_id)
union all
(select kind from condition where end_time is null order by condition_id)`)
	require.NoError(t, err)
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return kinds
}

// atLimit is the condition of a scheme that has reached its limit of an hour.
func atLimit(scheme string) rowtest.Condition {
	return rowtest.Condition{Kind: "safety_limit", Scheme: scheme, Reason: "safety_limit_hour"}
}

func TestSettingASchemeToSendIsANewCutover(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{Mode: "dry_run"})
	rows.Scheme(rowtest.Scheme{Scheme: "other", Mode: "dry_run"})
	rows.Cancellation(rowtest.Cancellation{Warehouse: "planned", State: "planned"})
	rows.Cancellation(rowtest.Cancellation{Warehouse: "open"})
	held := rows.Cancellation(rowtest.Cancellation{Warehouse: "held", State: "held", HoldReason: "number_reuse_unsaid"})
	rows.Cancellation(rowtest.Cancellation{Warehouse: "tried", Attempt: 1})
	rows.Cancellation(rowtest.Cancellation{Warehouse: "in flight", Attempt: 1})
	rows.Cancellation(rowtest.Cancellation{Warehouse: "never left", Attempt: 1, Disposition: "not_sent"})
	rows.Exec(`update voidrelay.cancellation_now set maybe_landed = true where warehouse_code = 'tried'`)
	rows.Exec(`update voidrelay.cancellation_now set lease_until = now() where warehouse_code = 'in flight'`)
	rows.Cancellation(rowtest.Cancellation{Warehouse: "done", State: "done", Attempt: 1})
	rows.Cancellation(rowtest.Cancellation{Warehouse: "others", Scheme: "other"})
	rows.Work(rowtest.Work{Kind: "number_reuse_unsaid", CancellationID: held})
	rows.Condition(atLimit(rowtest.SchemeName))
	rows.Work(rowtest.Work{Kind: "bill_undecodable", BillID: 9})

	dryRun, err := acttest.New(pool).SetMode(t.Context(), act("r1"), true)
	require.NoError(t, err)
	require.EqualValues(t, 4, dryRun)
	require.Equal(t, map[string]string{
		"planned": "dry_run", "open": "dry_run", "held": "dry_run", "never left": "dry_run",
		"tried": "open", "in flight": "open", "done": "done", "others": "open",
	}, states(t, pool))
	require.Equal(t, []string{"bill_undecodable"}, openWorkKinds(t, pool))
	scheme, err := s.SchemeView(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Equal(t, "send", scheme.Mode)
	require.False(t, scheme.SendSince.IsZero())

	t.Run("again with the same id it answers the same and changes nothing", func(t *testing.T) {
		rows.Cancellation(rowtest.Cancellation{Warehouse: "later"})
		again, err := acttest.New(pool).SetMode(t.Context(), act("r1"), true)
		require.NoError(t, err)
		require.EqualValues(t, 4, again)
		require.Equal(t, "open", states(t, pool)["later"])
	})
	t.Run("the id is refused for another request", func(t *testing.T) {
		_, err := acttest.New(pool).SetMode(t.Context(), act("r1"), false)
		require.ErrorIs(t, err, ledger.ErrRequestIDReused)
		other := act("r1")
		other.Scheme = "other"
		_, err = acttest.New(pool).SetMode(t.Context(), other, true)
		require.ErrorIs(t, err, ledger.ErrRequestIDReused)
		require.Equal(t, "open", states(t, pool)["others"])
	})
	t.Run("a scheme that sends already gets no new cutover", func(t *testing.T) {
		dryRun, err := acttest.New(pool).SetMode(t.Context(), act("r2"), true)
		require.NoError(t, err)
		require.Zero(t, dryRun)
		unchanged, err := s.SchemeView(t.Context(), rowtest.SchemeName)
		require.NoError(t, err)
		require.Equal(t, scheme.SendSince, unchanged.SendSince)
	})
	t.Run("back to dry run touches no cancellation", func(t *testing.T) {
		before := states(t, pool)
		_, err := acttest.New(pool).SetMode(t.Context(), act(""), false)
		require.NoError(t, err)
		require.Equal(t, before, states(t, pool))
	})
	t.Run("an unknown scheme is not found", func(t *testing.T) {
		_, err := acttest.New(pool).SetMode(t.Context(), ledger.Act{Scheme: "none", RequestID: "r9"}, true)
		require.ErrorIs(t, err, ledger.ErrNotFound)
	})
	var recorded []string
	found, err := pool.Query(t.Context(),
		`select concat_ws(' ', actor, verb, scheme, reason, request_id, parameters, result)
from operator_action order by 1`)
	require.NoError(t, err)
	recorded, err = pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{
		`li set_mode assembly 试运行结束 r1 {"mode": "send"} {"count": 4}`,
		`li set_mode assembly 试运行结束 r2 {"mode": "send"} {"count": 0}`,
		`li set_mode assembly 试运行结束 {"mode": "dry_run"} {"count": 0}`,
	}, recorded)
}

func TestRelease(t *testing.T) {
	setup := func(t *testing.T) (func(ids ...int64) int64, *pgxpool.Pool, int64) {
		_, pool := openStore(t)
		rows := rowtest.New(t, pool)
		rows.Scheme(rowtest.Scheme{})
		rows.Scheme(rowtest.Scheme{Scheme: "other"})
		id := rows.Cancellation(rowtest.Cancellation{Warehouse: "a", State: "held"})
		taken := rows.Cancellation(rowtest.Cancellation{
			Warehouse: "b", State: "held", HoldReason: "number_reuse_unsaid",
		})
		rows.Cancellation(rowtest.Cancellation{Warehouse: "c", State: "needs_attention"})
		rows.Cancellation(rowtest.Cancellation{Warehouse: "d", State: "held", Scheme: "other"})
		rows.Condition(atLimit(rowtest.SchemeName))
		rows.Work(rowtest.Work{Kind: "number_reuse_unsaid", CancellationID: taken})
		rows.Condition(atLimit("other"))
		return func(ids ...int64) int64 {
			released, err := acttest.New(pool).Release(t.Context(), act(""), ids)
			require.NoError(t, err)
			return released
		}, pool, id
	}
	t.Run("without ids everything held by the scheme goes", func(t *testing.T) {
		release, pool, _ := setup(t)
		require.EqualValues(t, 2, release())
		require.Equal(t, map[string]string{"a": "open", "b": "open", "c": "needs_attention", "d": "held"},
			states(t, pool))
		require.Equal(t, []string{"safety_limit"}, openWorkKinds(t, pool), "the other scheme's")
		var due, reset bool
		require.NoError(t, pool.QueryRow(t.Context(),
			`select bool_and(due_time <= now()) from cancellation_now where state = 'open'`).Scan(&due))
		require.NoError(t, pool.QueryRow(t.Context(),
			`select safety_limit_reset_time is not null from scheme where scheme = 'assembly'`).Scan(&reset))
		require.True(t, due && reset)
	})
	t.Run("with ids only those go", func(t *testing.T) {
		release, pool, id := setup(t)
		require.EqualValues(t, 1, release(id, id+2, id+3, 999))
		require.Equal(t, map[string]string{"a": "open", "b": "held", "c": "needs_attention", "d": "held"},
			states(t, pool))
		require.Equal(t, []string{"number_reuse_unsaid", "safety_limit"}, openWorkKinds(t, pool))
	})
	t.Run("the safety limit's item stays while something waits behind the safety limit", func(t *testing.T) {
		release, pool, id := setup(t)
		require.EqualValues(t, 1, release(id+1))
		require.Equal(t, []string{"safety_limit", "safety_limit"}, openWorkKinds(t, pool))
	})
}

func TestResume(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{StopReason: "DATA_CENTER_DIFFERS"})
	rows.Exec(`insert into voidrelay.run_failure (scheme, error, failures, not_before)
values ('assembly', 'login', 3, now() + interval '1 hour')`)
	for range 2 {
		require.NoError(t, acttest.New(pool).Resume(t.Context(), act("")))
		scheme, err := s.SchemeView(t.Context(), rowtest.SchemeName)
		require.NoError(t, err)
		require.Equal(t, "running", scheme.State)
		require.Empty(t, scheme.Conditions)
	}
	var waits bool
	require.NoError(t, pool.QueryRow(t.Context(), `select bool_or(not_before > now()) from run_failure`).Scan(&waits))
	require.False(t, waits)
}

func TestARunRequestIsRememberedByItsID(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "stopped", StopReason: "DATA_CENTER_DIFFERS"})
	at, err := acttest.New(pool).AskForRun(t.Context(), act("p1"), ledger.Incremental)
	require.NoError(t, err)
	again, err := acttest.New(pool).AskForRun(t.Context(), act("p1"), ledger.Incremental)
	require.NoError(t, err)
	require.Equal(t, at, again)
	require.Equal(t, "1", rows.Text(`select count(*)::text from voidrelay.operator_action where verb = 'start_run'`))
	other := act("p1")
	other.Scheme = "stopped"
	_, err = acttest.New(pool).AskForRun(t.Context(), other, ledger.Incremental)
	require.ErrorIs(t, err, ledger.ErrRequestIDReused)
	other.RequestID = ""
	_, err = acttest.New(pool).AskForRun(t.Context(), other, ledger.Incremental)
	require.ErrorIs(t, err, ledger.ErrStopped)
}

func TestCallsWithOneRequestIDAtOneMomentAreOneAct(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{Mode: "dry_run"})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	rows.Cancellation(rowtest.Cancellation{})
	var calls errgroup.Group
	for range 6 {
		calls.Go(func() error {
			dryRun, err := acttest.New(pool).SetMode(t.Context(), act("once"), true)
			if err == nil && dryRun != 1 {
				err = fmt.Errorf("dryRun %d", dryRun)
			}
			return err
		})
		calls.Go(func() error {
			other := act("other scheme's")
			_, err := acttest.New(pool).Release(t.Context(), other, nil)
			if errors.Is(err, ledger.ErrRequestIDReused) {
				err = nil
			}
			return err
		})
		calls.Go(func() error {
			other := act("other scheme's")
			other.Scheme = "other"
			_, err := acttest.New(pool).Release(t.Context(), other, nil)
			if errors.Is(err, ledger.ErrRequestIDReused) {
				err = nil
			}
			return err
		})
	}
	require.NoError(t, calls.Wait())
	require.Equal(t, "2", rows.Text(`select count(*)::text from voidrelay.operator_action`))
}

// A cancellation was decided days ago and stayed behind a safety limit, or its scheme was stopped: that nobody tried is
// not the WMS's silence.
func TestWhatALongRestLetsGoOnHasItsWholeTimeToBeSent(t *testing.T) {
	w := setupWriter(t)
	w.rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "A1", State: "held", Created: rowtest.Now.AddDate(0, 0, -3),
	})
	const counting = `select count(*) from cancellation_now where unsent_since is not null`
	rested := func() {
		w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '25 hours'`)
	}
	rested()
	_, err := w.acts().Release(t.Context(), act(""), nil)
	require.NoError(t, err)
	require.Zero(t, w.count(counting))
	rested()
	w.rows.Condition(rowtest.Condition{Kind: "scheme_stopped", Scheme: rowtest.SchemeName, Reason: "r"})
	require.NoError(t, w.acts().Resume(t.Context(), act("")))
	require.Zero(t, w.count(counting))
	require.Equal(t, "open", w.text(`select state from cancellation_now`))
}

// Decided in send and not sent, because the WMS was away; then dry run for a month, then send again.
func TestWhatWasDecidedBeforeSendAndNeverLeftEndsAsDryRun(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(cancellation, rule.NotSent, rule.Next{State: rule.Open})
	for _, send := range []bool{false, true} {
		_, err := w.acts().SetMode(t.Context(), act(""), send)
		require.NoError(t, err)
	}
	require.Equal(t, "dry_run", w.state(cancellation))
}

// A cancellation was unread for most of a day, then held over the weekend: the first read that fails after its release
// must not park it.
func TestAReleaseForgetsHowLongABillWasUnread(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.rows.Exec(`update cancellation_now set state = 'held', hold_reason = 'safety_limit_hour',
    unread_since = now() - interval '3 days'`)
	_, err := w.acts().Release(t.Context(),
		ledger.Act{Scheme: rowtest.SchemeName, Actor: "wang", Reason: "checked"}, nil)
	require.NoError(t, err)
	w.verify(cancellation, rule.Unread, time.Now(), false)
	require.Equal(t, "open", w.state(cancellation))
}
