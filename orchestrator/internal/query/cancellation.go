package query

import (
	"context"
	"fmt"
	"strings"
	"time"

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

// CancellationViews lists a page of cancellations, in its order, at most Limit. Conditions that are not asked for are
// not in the statement. So a bill number is always found by its index; what is asked for by state is found where that
// state stands, unsettled or settled; same_order is found where the one that is sent stands.
func (r *Reader) CancellationViews(
	ctx context.Context, f ledger.CancellationFilter, page ledger.CancellationPage,
) ([]ledger.CancellationView, error) {
	found, args, possible := Found(f, page)
	if !possible {
		return nil, nil
	}
	return ledger.ReadAll[ledger.CancellationView](ctx, r.pool, "list cancellations", `
with page as materialized (`+found+`
)`+cancellationColumns+` join page using (cancellation_id)
order by `+sorting(page.Order, "c"), args)
}

// CountCancellations counts what a filter finds, up to so many.
func (r *Reader) CountCancellations(ctx context.Context, f ledger.CancellationFilter, most int) (int64, error) {
	found, args, possible := Found(f, ledger.CancellationPage{Limit: most})
	if !possible {
		return 0, nil
	}
	counted, err := ledger.ReadAll[struct{ Count int64 }](ctx, r.pool, "count cancellations",
		`select count(*) from (`+found+`) found`, args)
	if err != nil {
		return 0, err
	}
	return counted[0].Count, nil
}

// CommittedBefore answers a time before which whatever was written has committed, as far as update times go: they are
// those of the beginning of what wrote them, so that this is where the oldest transaction began that is still open. It
// lies at least a second back, for what has just begun.
func (r *Reader) CommittedBefore(ctx context.Context) (time.Time, error) {
	found, err := ledger.ReadAll[struct{ Before time.Time }](ctx, r.pool, "read what is under way", `
select least(now() - interval '1 second', min(a.xact_start)) as before
from pg_stat_activity a
where a.datname = current_database() and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()`, nil)
	if err != nil {
		return time.Time{}, err
	}
	return found[0].Before, nil
}

// sorting is how a list is sorted by the columns of this table.
func sorting(order ledger.CancellationOrder, of string) string {
	switch order {
	case ledger.Oldest:
		return of + ".cancellation_id"
	case ledger.UpdateTime:
		return of + ".update_time, " + of + ".cancellation_id"
	default:
		return of + ".cancellation_id desc"
	}
}

// sharing is how those stand that share their order with an unsettled cancellation.
const sharing = `(
        select c.cancellation_id, c.scheme, u.state, u.hold_reason, u.disposition, u.vendor_message, u.attempt,
               u.lease_until, greatest(c.update_time, u.update_time) as update_time
        from shared_cancellation c join unsettled_cancellation u on u.cancellation_id = c.same_order_as)`

// Found is the statement that finds the ids of a page, with its arguments: by the facts c of a cancellation and its
// order o alone, or also by how it stands, s. Then it looks at those that are not settled, at those that share the
// order of one, and at those that are settled; what no state asks for is left out. possible is false where the filter
// contradicts itself.
func Found(
	f ledger.CancellationFilter, page ledger.CancellationPage,
) (sql string, args pgx.StrictNamedArgs, possible bool) {
	states, possible := f.InStates()
	args = pgx.StrictNamedArgs{"limit": page.Limit}
	scheme := f.Scheme
	f.Scheme = ""
	facts, standing := f.Conditions("o", "s", args)
	// own is what every table has: the scheme, and the id behind which the page begins.
	own := func(string) string { return "" }
	also := func(condition, name string, value any) {
		before := own
		args[name] = value
		own = func(table string) string { return before(table) + " and " + table + condition }
	}
	if scheme != "" {
		also(".scheme = @scheme", "scheme", scheme)
	}
	switch {
	case page.Order == ledger.UpdateTime:
		args["through"] = page.Through
		standing += ` and s.update_time < @through`
		if page.After != 0 {
			args["after"], args["after_time"] = page.After, page.AfterTime
			standing += ` and (s.update_time, s.cancellation_id) > (@after_time, @after)`
		}
	case page.After != 0 && page.Order == ledger.Oldest:
		also(".cancellation_id > @after", "after", page.After)
	case page.After != 0:
		also(".cancellation_id < @after", "after", page.After)
	}
	if len(states) == 0 && standing == "" {
		return `
    select c.cancellation_id
    from cancellation c join warehouse_order o using (order_id)
    where true` + own("c") + facts + `
    order by ` + sorting(page.Order, "c") + `
    limit @limit`, args, possible
	}
	if len(states) > 0 {
		standing += ` and s.state = any(@states)`
		args["states"] = states
	}
	// How it stands has a table of its own: what asks for nothing else needs no other.
	join := ""
	if facts != "" || f.Text != "" || f.VendorCode != "" {
		join = ` join cancellation c on c.cancellation_id = s.cancellation_id
        join warehouse_order o on o.order_id = c.order_id`
	}
	half := func(from, also string) string {
		return `
        (select s.cancellation_id, s.update_time
        from ` + from + ` s` + join + `
        where true` + own("s") + facts + standing + also + `
        order by ` + sorting(page.Order, "s") + `
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
    select found.cancellation_id
    from (` + strings.Join(halves, "\n        union all") + `) found
    order by ` + sorting(page.Order, "found") + `
    limit @limit`, args, possible
}

// CancellationView answers one cancellation; ledger.ErrNotFound when there is none.
func (r *Reader) CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error) {
	return ledger.ReadOne[ledger.CancellationView](ctx, r.pool, "read cancellation", cancellationColumns+`
where c.cancellation_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("cancellation %d", id))
}
