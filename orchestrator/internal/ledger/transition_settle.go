package ledger

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// carried are the columns that an outcome takes over from the changing row c. What reopening gives back are kept.
const (
	carried = kept + `, decide_time, due_time`
	kept    = `not_before, lease_until, attempt, disposition, vendor_message, maybe_landed, ` +
		`answer_lost`
)

// qualified names columns of a row: "a, b" of c is "c.a, c.b".
func qualified(row, columns string) string {
	return row + "." + strings.ReplaceAll(columns, ", ", ", "+row+".")
}

// endedColumns are what a statement returns of the rows c that it deletes or revokes for another outcome to follow.
var endedColumns = qualified("c", `cancellation_id, times_settled, scheme, `+carried)

// appendOutcome writes the outcomes of the rows ended, which have the endedColumns, and leaves their events: what is
// the state, the outcome and whether it is inferred. It goes on in the with clause that has ended, and closes it; what
// the statement answers follows.
func appendOutcome(what string) string {
	return `, appended as (
    insert into outcome (cancellation_id, times_settled, scheme, state, outcome, inferred, ` + carried + `)
    select cancellation_id, times_settled + 1, scheme, ` + what + `, ` + carried + ` from ended
    returning cancellation_id, scheme, state, outcome
), told as (` + settledEvents("appended") + `
)`
}

// settle is a statement that settles the unsettled cancellations c that a condition finds, and answers which: their
// changing rows go, and an outcome is appended. The condition is asked of each row as it is once it is locked: what
// somebody else has changed meanwhile stays as it is.
func settle(where, what string) string {
	return `
with ended as (
    delete from unsettled_cancellation c
    where ` + where + `
    returning ` + endedColumns + `, c.bill_id
)` + appendOutcome(what) + `
select cancellation_id, bill_id from ended`
}

// settleShared is settle for cancellations c that share their order with another, which goes on.
func settleShared(where, what string) string {
	return `
with ended as (
    delete from shared_cancellation c
    where ` + where + `
    returning ` + endedColumns + `, c.bill_id
)` + appendOutcome(what) + `
select cancellation_id, bill_id from ended`
}

// endWhole settles all unsettled cancellations c that a condition finds, also those that share their order, and answers
// them; who shares an order with one of them takes it over.
func endWhole(ctx context.Context, tx pgx.Tx, where, what string, args ...any) ([]int64, error) {
	if err := lockShared(ctx, tx, where, args...); err != nil {
		return nil, err
	}
	ended, err := settledIDs(ctx, tx, settle(where, what), args...)
	if err != nil {
		return nil, err
	}
	shared, err := settledIDs(ctx, tx, settleShared(where, what), args...)
	if err != nil {
		return nil, err
	}
	return append(ended, shared...), FollowSenders(ctx, tx, ended)
}

// lockShared locks the cancellations c that share their order and that a condition finds: one that takes its order over
// meanwhile is then found among the changing rows, and none does afterwards.
func lockShared(ctx context.Context, tx pgx.Tx, where string, args ...any) error {
	_, err := tx.Exec(ctx, `
select from shared_cancellation c where `+where+` order by c.cancellation_id for update`, args...)
	return err
}

// settleEither is settle for cancellations of which some may be settled already, in another way: the outcome that they
// have then counts no longer, and the new one follows it.
func settleEither(where, whereSettled, what string) string {
	return `
with unsettled as (
    delete from unsettled_cancellation c
    where ` + where + `
    returning ` + endedColumns + `
), settled as (
    update outcome c set revoke_time = now()
    where c.revoke_time is null and ` + whereSettled + `
    returning ` + endedColumns + `
), ended as (
    select cancellation_id, times_settled, scheme, ` + carried + ` from unsettled
    union all
    select cancellation_id, times_settled, scheme, ` + carried + ` from settled
)` + appendOutcome(what) + `
select from ended`
}

// LockStanding locks the changing rows and the outcomes of cancellations. A row that goes while it is waited for has
// left another one behind, which a statement sees that begins after this; so whoever asks for both, or opens one again,
// begins with this. First the outcomes, and what shares an order: one that is reopened, or takes the order over,
// meanwhile is then found among the changing rows.
func LockStanding(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if _, err := tx.Exec(ctx, `
select from outcome where cancellation_id = any($1) and revoke_time is null order by cancellation_id for update`,
		ids); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
select from shared_cancellation where cancellation_id = any($1) order by cancellation_id for update`,
		ids); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, lockUnsettled, ids)
	return err
}

// LockVerified locks what a verification of these cancellations writes, in the order in which a page locks it, so that
// neither waits for the other: first their bills and, where it is not confirmed that another bill claims the order, the
// bills that may; then the changing rows.
func LockVerified(ctx context.Context, tx pgx.Tx, verified, unconfirmed []int64) error {
	_, err := tx.Exec(ctx, `
select from bill b
where (b.scheme, b.bill_id) in (
    select u.scheme, u.bill_id from unsettled_cancellation u where u.cancellation_id = any($1)
    union all
    select k.scheme, k.bill_id from unsettled_cancellation u join claim k on k.order_id = u.order_id
    where u.cancellation_id = any($2))
order by b.scheme, b.bill_id
for update`, verified, unconfirmed)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, lockUnsettled, verified)
	return err
}

const lockUnsettled = `
select from unsettled_cancellation where cancellation_id = any($1) order by cancellation_id for update`

// settledIDs answers the cancellations that a statement of settle found.
func settledIDs(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]int64, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var ids []int64
	var id, bill int64
	_, err = pgx.ForEachRow(rows, []any{&id, &bill}, func() error {
		ids = append(ids, id)
		return nil
	})
	return ids, err
}
