package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// forgetAnswers lets a cancellation begin its waits and its caps anew. What may have landed is not forgotten.
const forgetAnswers = `same_disposition = '', same_count = 0, same_since = null, answer_changes = 0,
    ` + ForgetUnsentColumns

// Reopen opens cancellations that a person wants asked again, due at once, as if they had never been answered; their
// bills are read before anything is sent: needs_attention, open and closed become open, and done where the WMS has not
// said so itself.
func Reopen(ctx context.Context, tx pgx.Tx, ids []int64) error {
	_, err := tx.Exec(ctx, `
update cancellation
set state = 'open', hold_reason = '', outcome = '', inferred = false, outcome_time = null, verified_time = 'epoch',
    due_time = greatest(now(), not_before), batch_until = null, `+forgetAnswers+`, update_time = now()
where cancellation_id = any($1)
  and (state in ('needs_attention', 'open', 'closed')
    or state = 'done' and (outcome = 'marked_done' or inferred))`, ids)
	return err
}

// CloseByHand ends cancellations that a person ignores, and leaves their orders as they are: needs_attention, open,
// held and dry_run become closed.
func CloseByHand(ctx context.Context, tx pgx.Tx, ids []int64) error {
	_, err := tx.Exec(ctx, `
update cancellation
set state = 'closed', outcome = 'ignored', inferred = false, outcome_time = now(), hold_reason = '',
    batch_until = null, update_time = now()
where cancellation_id = any($1) and state in ('needs_attention', 'open', 'held', 'dry_run')`, ids)
	return err
}

// FinishByHand ends cancellations whose order a person knows to be cancelled: needs_attention, open, held, dry_run and
// closed become done.
func FinishByHand(ctx context.Context, tx pgx.Tx, ids []int64) error {
	_, err := tx.Exec(ctx, `
update cancellation
set state = 'done', outcome = 'marked_done', inferred = false, outcome_time = now(), hold_reason = '',
    batch_until = null, update_time = now()
where cancellation_id = any($1) and state in ('needs_attention', 'open', 'held', 'dry_run', 'closed')`, ids)
	return err
}

// OpenReleased opens cancellations of a scheme that a person releases, these or all of them when none is named, and
// answers which: held becomes open. For one that was held for its number, the person has spoken about the live bills
// that the ledger knew of it.
func OpenReleased(ctx context.Context, tx pgx.Tx, scheme string, ids []int64) ([]int64, error) {
	rows, err := tx.Query(ctx, `
update cancellation
set state = 'open', hold_reason = '', due_time = greatest(now(), not_before), batch_until = null,
    `+ForgetUnsentColumns+`, update_time = now(),
    holders_accepted_time = case hold_reason when 'number_taken' then now() else holders_accepted_time end
where scheme = $1 and state = 'held' and (cardinality($2::bigint[]) = 0 or cancellation_id = any($2))
returning cancellation_id`, scheme, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// EndUnsentAsDryRun ends what a scheme owed until a person set it to send, except what may have reached the WMS, and
// answers which: planned, open and held become dry_run.
func EndUnsentAsDryRun(ctx context.Context, tx pgx.Tx, scheme string) ([]int64, error) {
	rows, err := tx.Query(ctx, `
update cancellation
set state = 'dry_run', outcome = 'dry_run', outcome_time = now(), hold_reason = '', batch_until = null,
    update_time = now()
where scheme = $1 and state in ('planned', 'open', 'held') and `+neverLanded+`
returning cancellation_id`, scheme)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// AnswerMoves are the rows of a reclassification turned on their side, as unnest wants them.
type AnswerMoves struct {
	IDs              []int64
	States, Outcomes []string
	Inferred         []bool
	Waits            []time.Duration
	Counts           []int
	Since            []time.Time
	// Work is what a person is told; done are those that end as done.
	Work []WorkItem
	Done []int64
}

// FollowMeaning lets cancellations go on as if what a person says that an answer means had been known: open and
// needs_attention become what the answer makes of an open one, which is open, done, needs_attention or closed.
func FollowMeaning(ctx context.Context, tx pgx.Tx, m AnswerMoves, meaning rule.Disposition) error {
	_, err := tx.Exec(ctx, `
update cancellation c
set state = r.state, outcome = r.outcome, inferred = r.inferred,
    outcome_time = case when r.state in ('done', 'closed') then now() end,
    due_time = greatest(now() + r.wait, c.not_before),
    verified_time = case when r.state = 'open' then 'epoch' else c.verified_time end, batch_until = null,
    disposition = @meaning, same_disposition = @meaning, same_count = r.same_count, same_since = r.same_since,
    `+ForgetUnsentColumns+`, answer_changes = 0, maybe_landed = c.maybe_landed or @landed, update_time = now()
from unnest(@ids::bigint[], @states::text[], @outcomes::text[], @inferred::boolean[], @waits::interval[],
    @counts::integer[], @since::timestamptz[])
  as r (id, state, outcome, inferred, wait, same_count, same_since)
where c.cancellation_id = r.id and c.state in ('open', 'needs_attention')`, pgx.StrictNamedArgs{
		"ids": m.IDs, "states": m.States, "outcomes": m.Outcomes, "inferred": m.Inferred, "waits": m.Waits,
		"counts": m.Counts, "since": m.Since, "meaning": string(meaning), "landed": meaning.MayHaveLanded(),
	})
	return err
}
