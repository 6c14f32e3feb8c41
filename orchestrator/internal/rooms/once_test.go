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
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/worker"
)

// caller makes writes that pause a scheme, and answers each with a number of its own.
type caller struct {
	*testing.T
	store    *rooms.All
	recorder *operate.Recorder
	pool     *pgxpool.Pool
	rows     rowtest.DB
	done     int
}

func setupCaller(t *testing.T) *caller {
	t.Parallel()
	s, pool := openStore(t)
	c := &caller{T: t, store: s, recorder: operate.NewRecorder(pool), pool: pool, rows: rowtest.New(t, pool)}
	c.rows.Scheme(rowtest.Scheme{})
	return c
}

func callOf(caller, method, requestID, request string) ledger.Call {
	return ledger.Call{Caller: caller, Method: method, RequestID: requestID, Request: []byte(request)}
}

// call does a write, whose reply is how many were done before it.
func (c *caller) call(call ledger.Call) (string, error) {
	reply, err := c.recorder.Once(c.Context(), call, func(pgx.Tx) ([]byte, error) {
		c.done++
		return fmt.Append(nil, c.done), nil
	})
	return string(reply), err
}

func (c *caller) answered(call ledger.Call) string {
	c.Helper()
	reply, err := c.call(call)
	require.NoError(c, err)
	return reply
}

func TestARequestIDIsOneRequestOfOneCallerByOneMethod(t *testing.T) {
	c := setupCaller(t)
	first := callOf("li", "Pause", "r1", "assembly")
	require.Equal(t, "1", c.answered(first))
	require.Equal(t, "1", c.answered(first), "the first reply")
	require.Equal(t, "2", c.answered(callOf("wang", "Pause", "r1", "assembly")), "another caller")
	require.Equal(t, "3", c.answered(callOf("li", "Resume", "r1", "assembly")), "another method")
	require.Equal(t, "4", c.answered(callOf("li", "Pause", "r2", "assembly")), "another id")
	_, err := c.call(callOf("li", "Pause", "r1", "other"))
	require.ErrorIs(t, err, ledger.ErrRequestIDReused)
	require.Equal(t, "1", c.answered(first), "a refusal changes nothing")
	for n := range 2 {
		require.Equal(t, fmt.Sprint(5+n),
			c.answered(callOf("li", "Pause", "", "assembly")), "without an id each call is its own")
	}
}

func TestAWriteThatFailedMayBeMadeAgain(t *testing.T) {
	c := setupCaller(t)
	call, fault := callOf("li", "Pause", "r1", "assembly"), errors.New("the plug was pulled")
	act := ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: "盘点"}
	_, err := c.recorder.Once(t.Context(), call, func(tx pgx.Tx) ([]byte, error) {
		require.NoError(t, c.store.Pause(t.Context(), tx, act))
		return []byte("paused"), fault
	})
	require.ErrorIs(t, err, fault)
	require.Equal(t, "0", c.rows.Text(`select count(*)::text from voidrelay.operator_action`))
	require.Equal(t, "1", c.answered(call))
}

// The process is killed at any moment: what it did and what it would have answered are on disk together, or neither is.
func TestAWriteThatWasKilledWasNotDoneOrIsAnswered(t *testing.T) {
	c := setupCaller(t)
	call := callOf("li", "Pause", "r1", "assembly")
	act := ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: "盘点"}
	paused := func() string { return c.rows.Text(`select coalesce(max(kind), '') from voidrelay.condition`) }

	// Before its end, with all its statements done.
	_, err := c.recorder.Once(t.Context(), call, func(tx pgx.Tx) ([]byte, error) {
		require.NoError(t, c.store.Pause(t.Context(), tx, act))
		c.rows.Exec(`select pg_terminate_backend($1)`, tx.Conn().PgConn().PID())
		return []byte("paused"), nil
	})
	require.Error(t, err)
	require.Empty(t, paused())
	require.Equal(t, "0", c.rows.Text(`select count(*)::text from voidrelay.first_reply`))

	// After it, before its caller heard anything.
	_, err = c.recorder.Once(t.Context(), call, func(tx pgx.Tx) ([]byte, error) {
		return []byte("paused"), c.store.Pause(t.Context(), tx, act)
	})
	require.NoError(t, err)
	require.Equal(t, "paused", paused())
	require.Equal(t, "paused", c.answered(call))
	require.Zero(t, c.done)
}

func TestCallsAtOneMomentAreOneWrite(t *testing.T) {
	c := setupCaller(t)
	call := callOf("li", "Pause", "r1", "assembly")
	act := ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: "盘点", RequestID: "r1"}
	var calls errgroup.Group
	for n := range 6 {
		calls.Go(func() error {
			reply, err := c.recorder.Once(t.Context(), call, func(tx pgx.Tx) ([]byte, error) {
				return fmt.Append(nil, n), c.store.Pause(t.Context(), tx, act)
			})
			if err != nil {
				return err
			}
			again, err := c.recorder.Once(t.Context(), call, nil)
			if string(again) != string(reply) {
				return fmt.Errorf("%s, then %s: %w", reply, again, err)
			}
			return err
		})
	}
	require.NoError(t, calls.Wait())
	require.Equal(t, "1", c.rows.Text(`select count(*)::text from voidrelay.operator_action`))
}

func TestASecondCallWaitsForTheFirst(t *testing.T) {
	c := setupCaller(t)
	call := callOf("li", "Pause", "r1", "assembly")
	began, end := make(chan struct{}), make(chan struct{})
	var calls errgroup.Group
	calls.Go(func() error {
		_, err := c.recorder.Once(t.Context(), call, func(pgx.Tx) ([]byte, error) {
			close(began)
			<-end
			return []byte("first"), nil
		})
		return err
	})
	<-began
	impatient := operate.NewRecorder(c.pool)
	impatient.Wait = 50 * time.Millisecond
	_, err := impatient.Once(t.Context(), call, nil)
	require.ErrorIs(t, err, ledger.ErrFirstCallRuns)
	other, err := impatient.Once(t.Context(), callOf("wang", "Pause", "r1", "assembly"), func(pgx.Tx) ([]byte, error) {
		return []byte("not his"), nil
	})
	require.NoError(t, err, "another caller waits for nobody")
	require.Equal(t, "not his", string(other))

	calls.Go(func() error {
		reply, err := c.recorder.Once(t.Context(), call, nil)
		if string(reply) != "first" {
			err = fmt.Errorf("answered %q: %w", reply, err)
		}
		return err
	})
	require.Eventually(t, func() bool {
		return c.rows.Text(`
select count(*)::text from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) == "1"
	}, 20*time.Second, 5*time.Millisecond)
	close(end)
	require.NoError(t, calls.Wait())
}

func TestAReplyIsKeptForThirtyDays(t *testing.T) {
	c := setupCaller(t)
	call := callOf("li", "Pause", "r1", "assembly")
	require.Equal(t, "1", c.answered(call))
	age := func(days int) {
		c.rows.Exec(`update voidrelay.first_reply set reply_time = now() - $1 * interval '1 day'`, days)
	}
	age(29)
	require.Equal(t, "1", c.answered(call))
	age(31)
	require.Equal(t, "2", c.answered(call), "the id is free again")

	c.answered(callOf("li", "Pause", "old", "assembly"))
	c.rows.Exec(`update voidrelay.first_reply set reply_time = now() - interval '31 days' where request_id = 'old'`)
	_, err := worker.NewHousekeepingRows(c.pool).Tidy(t.Context(), "first_replies", ledger.Retention{})
	require.NoError(t, err)
	require.Equal(t, "r1", c.rows.Text(`select string_agg(request_id, ' ') from voidrelay.first_reply`))
}
