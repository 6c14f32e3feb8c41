package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const cancellationColumns = `
select c.cancellation_id, c.scheme, c.bill_id, c.bill_no, c.generation, c.question,
       concat_ws('.', nullif(c.bill_kind, ''), c.direction) as order_kind,
       c.warehouse_number, c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason,
       c.extend_props, c.owner_code, c.state, c.triggers, c.evidence, c.orders_from,
       case when c.state = 'held' then c.hold_reason else '' end as hold_reason, c.disposition, c.vendor_message,
       c.outcome, c.attempt as attempts,
       case when c.state = 'open' and not c.awaits_text then c.due_time end as due_time,
       c.create_time, c.update_time, c.outcome_time, c.revision, coalesce(c.run_id, 0) as run_id,
       coalesce(c.same_order_as, 0) as same_order_as,
       coalesce((select w.warehouse_name from scheme_warehouse w
           where w.scheme = c.scheme and w.warehouse_number = c.warehouse_number), '') as warehouse_name
from cancellation_now c`

// CancellationViews lists cancellations newest first, at most limit, those older than before (0 = from the newest).
// Conditions that are not asked for are not in the statement. So a bill number is always found by its index; what is
// asked for by state is found where that state stands, unsettled or settled; same_order is found where the one that is
// sent stands.
func (r *Reader) CancellationViews(
	ctx context.Context, f ledger.CancellationFilter, before int64, limit int,
) ([]ledger.CancellationView, error) {
	states := f.States
	if f.HoldReason != "" {
		if len(states) > 0 && !slices.Contains(states, string(rule.Held)) {
			return nil, nil
		}
		states = []string{string(rule.Held)}
	}
	where, args := Newest("c.cancellation_id", before, limit)
	facts, standing := f.Conditions("o", "s", args)
	found := newestOfAll + where + facts
	if len(states) > 0 || standing != "" {
		found = NewestIn(states, where+facts+standing, args)
	}
	return ledger.ReadAll[ledger.CancellationView](ctx, r.pool, "list cancellations", `
with page as materialized (`+found+`
    order by cancellation_id desc
    limit @limit
)`+cancellationColumns+` join page using (cancellation_id)
order by c.cancellation_id desc`, args)
}

const newestOfAll = `
    select c.cancellation_id
    from cancellation c join warehouse_order o using (order_id)`

// sharing is how those stand that share their order with an unsettled cancellation.
const sharing = `(
        select c.cancellation_id, u.state, u.hold_reason, u.disposition, u.vendor_message, u.attempt, u.lease_until
        from shared_cancellation c join unsettled_cancellation u on u.cancellation_id = c.same_order_as)`

// NewestIn finds cancellations in these states, none is all, for which a condition holds on their facts c, their order
// o and how they stand, s: the newest of those that are not settled, of those that share the order of one, and of those
// that are settled. What no state asks for is left out.
func NewestIn(states []string, where string, args pgx.StrictNamedArgs) string {
	if len(states) > 0 {
		where, args["states"] = where+` and s.state = any(@states)`, states
	}
	half := func(from, also string) string {
		return `
    (select s.cancellation_id
    from ` + from + ` s join cancellation c on c.cancellation_id = s.cancellation_id
    join warehouse_order o on o.order_id = c.order_id` + where + also + `
    order by s.cancellation_id desc
    limit @limit)`
	}
	unsettled := 0
	for _, state := range states {
		switch rule.CancellationState(state) {
		case rule.Planned, rule.Open, rule.Held, rule.NeedsAttention:
			unsettled++
		}
	}
	var halves []string
	if unsettled > 0 || len(states) == 0 {
		halves = append(halves, half("unsettled_cancellation", ""), half(sharing, ""))
	}
	if unsettled < len(states) || len(states) == 0 {
		halves = append(halves, half("outcome", " and s.revoke_time is null"))
	}
	return `
    select cancellation_id from (` + strings.Join(halves, "\n    union all") + `) newest`
}

// CancellationView answers one cancellation; ledger.ErrNotFound when there is none.
func (r *Reader) CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error) {
	return ledger.ReadOne[ledger.CancellationView](ctx, r.pool, "read cancellation", cancellationColumns+`
where c.cancellation_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("cancellation %d", id))
}
