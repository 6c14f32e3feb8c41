package operate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	// firstCallWait is how long a repeated call waits for the first one to end.
	firstCallWait = 5 * time.Second
)

// Recorder makes each write of a caller happen once, whatever is repeated or killed. Safe for concurrent use.
type Recorder struct {
	// Wait is how long a repeated call waits for the first one to end; NewRecorder sets 5 s.
	Wait time.Duration
	pool *pgxpool.Pool
}

// NewRecorder makes a Recorder over a pool that Open made.
func NewRecorder(pool *pgxpool.Pool) *Recorder { return &Recorder{pool: pool, Wait: firstCallWait} }

// Once answers a write. do acts in a transaction and answers the reply, which is kept with the act for 30 days: a call
// with the same caller, method and request id is answered by it, and do is not called. While the first call is under
// way a second one waits, for 5 s at most, and is then ledger.ErrFirstCallRuns; one that asks for something else is
// ledger.ErrRequestIDReused. An error of do takes everything back, and the call may be made again.
// do may be called more than once, each time in a transaction of its own.
func (r *Recorder) Once(
	ctx context.Context, call ledger.Call, do func(tx pgx.Tx) (reply []byte, err error),
) ([]byte, error) {
	var reply []byte
	err := ledger.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		first, found, err := r.firstReply(ctx, tx, call)
		if found || err != nil {
			reply = first
			return err
		}
		if reply, err = do(tx); err != nil || call.RequestID == "" {
			return err
		}
		_, err = tx.Exec(ctx, `
update first_reply set reply = $4 where caller = $1 and method = $2 and request_id = $3`,
			call.Caller, call.Method, call.RequestID, reply)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.Method, ledger.FaultOf(err))
	}
	return reply, nil
}

// firstReply answers what the first call with this request id was answered. When this is the first, it reserves the
// id: who comes second waits for the end of this transaction.
func (r *Recorder) firstReply(ctx context.Context, tx pgx.Tx, call ledger.Call) (reply []byte, found bool, err error) {
	if call.RequestID == "" {
		return nil, false, nil
	}
	if _, err := tx.Exec(ctx, `select set_config('lock_timeout', $1, true)`,
		fmt.Sprint(r.Wait.Milliseconds())); err != nil {
		return nil, false, err
	}
	sum := sha256.Sum256(call.Request)
	tag, err := tx.Exec(ctx, `
insert into first_reply as f (caller, method, request_id, request_hash)
values (@caller, @method, @request_id, @hash)
on conflict (caller, method, request_id) do update
set request_hash = excluded.request_hash, reply = '', reply_time = now()
where f.reply_time < now() - @kept::interval`, pgx.StrictNamedArgs{
		"caller": call.Caller, "method": call.Method, "request_id": call.RequestID,
		"hash": sum[:], "kept": ledger.RepliesKept,
	})
	if ledger.LockTimedOut(err) {
		return nil, false, ledger.ErrFirstCallRuns
	}
	if err != nil {
		return nil, false, err
	}
	// The act itself may wait as long as its caller does.
	if _, err := tx.Exec(ctx, `set local lock_timeout to default`); err != nil || tag.RowsAffected() > 0 {
		return nil, false, err
	}
	var hash []byte
	err = tx.QueryRow(ctx, `
select request_hash, reply from first_reply where caller = $1 and method = $2 and request_id = $3`,
		call.Caller, call.Method, call.RequestID).Scan(&hash, &reply)
	if err == nil && !bytes.Equal(hash, sum[:]) {
		err = ledger.ErrRequestIDReused
	}
	return reply, true, err
}

// record writes down what a person did, with each cancellation that it changed, which shows it in its history. It
// answers when.
func record(
	ctx context.Context, tx pgx.Tx, verb ledger.Verb, act ledger.Act, parameters, result any, changed ...int64,
) (time.Time, error) {
	deed := ledger.Deed{Verb: verb, Scheme: act.Scheme}
	var at time.Time
	err := tx.QueryRow(ctx, `
with done as (
    insert into operator_action (actor, verb, scheme, reason, request_id, parameters, result)
    values (@actor, @verb, nullif(@scheme, ''), @reason, nullif(@request_id, ''), @parameters, @result)
    returning operator_action_id, create_time, scheme, verb, result
), told as (`+ledger.LeaveEvents(ledger.EventAct, `''`, `verb`, `scheme`, `operator_action_id`, `done`)+`
), touched as (
    insert into operator_action_cancellation (operator_action_id, cancellation_id)
    select d.operator_action_id, c from done d, unnest(@changed::bigint[]) as c
)
select create_time, operator_action_id, coalesce((result->>'count')::bigint, cardinality(@changed::bigint[]), 0)
from done`, pgx.StrictNamedArgs{
		"actor": act.Actor, "verb": string(verb), "scheme": act.Scheme,
		"reason": act.Reason, "request_id": act.RequestID,
		"parameters": parameters, "result": result, "changed": changed,
	}).Scan(&at, &deed.ID, &deed.Count)
	if err == nil && act.Deeds != nil {
		*act.Deeds = append(*act.Deeds, deed)
	}
	return at.UTC(), err
}

// nothing are the parameters of an act that has none; counted is what an act came to.
type (
	nothing struct{}
	counted struct {
		Count int64 `json:"count"`
	}
)

// lockAlone locks a scheme for an act that nobody else's row may refer to it meanwhile, and answers its mode;
// ledger.ErrNotFound when there is none.
func lockAlone(ctx context.Context, tx pgx.Tx, scheme string) (mode string, err error) {
	err = tx.QueryRow(ctx, `select mode from scheme where scheme = $1 for update`, scheme).Scan(&mode)
	return mode, orNoScheme(err, scheme)
}

// lockScheme locks a scheme for an act on its cancellations; ledger.ErrNotFound when there is none.
func lockScheme(ctx context.Context, tx pgx.Tx, scheme string) error {
	var name string
	err := tx.QueryRow(ctx, `select scheme from scheme where scheme = $1 for no key update`, scheme).Scan(&name)
	return orNoScheme(err, scheme)
}

// lockAll locks what concerns all schemes: one such act at a time.
func lockAll(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('voidrelay acts for all', 0))`)
	return err
}

func orNoScheme(err error, scheme string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("scheme %s: %w", scheme, ledger.ErrNotFound)
	}
	return err
}
