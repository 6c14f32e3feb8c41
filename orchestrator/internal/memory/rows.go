package memory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// standing is what a ledger says of itself.
type standing struct {
	head Head
	// newest is the number of the newest event, newestTime when that happened, and dropped the number of the newest
	// event that is no longer kept.
	newest, dropped int64
	newestTime      time.Time
	// at is the event of the number that was asked about, all but its number zero where there is none.
	at Line
	// confirmed: a person confirmed a ledger in place of the one that was asked about.
	confirmed bool
}

// readStanding asks a ledger what it is, whether it has replaced the ledger of that id by the act of a person, and what
// its event of that number is. A standby says where its primary was last.
func readStanding(ctx context.Context, db ledger.Reads, ledgerID string, number int64) (standing, error) {
	var s standing
	var kind *ledger.EventKind
	var about *int64
	var at, newestTime *time.Time
	err := db.QueryRow(ctx, `
select i.memory_id::text, i.newest_number, i.dropped_number, n.create_time,
       case when pg_is_in_recovery() then i.system_identifier
            else (select p.system_identifier from ledger_place p) end,
       case when pg_is_in_recovery() then i.timeline else (select p.timeline from ledger_place p) end,
       e.kind, e.about_id, e.create_time,
       exists (select from ledger_memory_past m where m.memory_id::text = $2)
from ledger_identity i
left join event e on e.event_number = $1
left join event n on n.event_number = i.newest_number`, number, ledgerID).
		Scan(&s.head.LedgerID, &s.newest, &s.dropped, &newestTime, &s.head.SystemIdentifier, &s.head.Timeline,
			&kind, &about, &at, &s.confirmed)
	if err != nil {
		return standing{}, fmt.Errorf("read which ledger this is: %w", ledger.FaultOf(err))
	}
	s.at.Number = number
	if kind != nil {
		s.at = Line{Number: number, Kind: *kind, AboutID: *about, Time: *at}
	}
	if newestTime != nil {
		s.newestTime = *newestTime
	}
	return s, nil
}

// holds says whether a ledger is the one that is remembered, and has all that was seen of it.
func (s standing) holds(head Head, newest Line) bool {
	switch {
	case s.head.LedgerID != head.LedgerID || s.newest < newest.Number:
		return false
	case newest.Number == 0 || s.dropped >= newest.Number: // the event is too old to be kept
		return true
	}
	return s.at.same(newest)
}

// reach is how many events are read at once.
const reach = 5000

// readLines answers what there is to remember of the events behind a number, oldest first, as far as one page goes: its
// acts and outcomes, and its last event, whatever that is.
func readLines(ctx context.Context, db ledger.Reads, after int64) ([]Line, error) {
	return ledger.ReadAll[Line](ctx, db, "read what to remember", `
with edge as (select least(newest_number, @after::bigint + @reach::bigint) as through from ledger_identity)
select e.event_number as number, e.kind, e.about_id, e.create_time as time, e.reason, e.state,
       coalesce(o.verb_zh, '') as reason_zh,
       coalesce(e.scheme, '') as scheme, coalesce(c.bill_no, '') as bill_no,
       coalesce(q.warehouse_code || ' ' || q.order_code || ' ' || q.order_type, '') as "order",
       coalesce(o.actor, '') as actor, coalesce(left(o.reason, 500), '') as why
from edge d
join event e on e.event_number > @after and e.event_number <= d.through
left join cancellation c on e.kind = 'cancellation_settled' and c.cancellation_id = e.about_id
left join warehouse_order q on q.order_id = c.order_id
left join reporting.operator_action o on e.kind = 'act' and o.operator_action_id = e.about_id
where e.kind in ('act', 'cancellation_settled') or e.event_number = d.through
order by e.event_number`, pgx.StrictNamedArgs{"after": after, "reach": reach})
}

// readEvent answers one event, without what it was; zero where there is none.
func readEvent(ctx context.Context, db ledger.Reads, number int64) (Line, error) {
	line := Line{Number: number}
	err := db.QueryRow(ctx, `select kind, about_id, create_time from event where event_number = $1`, number).
		Scan(&line.Kind, &line.AboutID, &line.Time)
	if errors.Is(err, pgx.ErrNoRows) {
		return Line{}, nil
	}
	if err != nil {
		return Line{}, fmt.Errorf("read event %d: %w", number, ledger.FaultOf(err))
	}
	return line, nil
}

// missing answers which of some events a ledger does not have under any number, numbered yet or not.
func missing(ctx context.Context, db ledger.Reads, lines []Line) ([]Line, error) {
	kinds, about, times := make([]string, len(lines)), make([]int64, len(lines)), make([]time.Time, len(lines))
	for i, l := range lines {
		kinds[i], about[i], times[i] = string(l.Kind), l.AboutID, l.Time
	}
	rows, err := db.Query(ctx, `
select n.place
from unnest($1::text[], $2::bigint[], $3::timestamptz[]) with ordinality as n (kind, about_id, create_time, place)
where not exists (
          select from event e
          where e.about_id = n.about_id and e.kind = n.kind and e.create_time = n.create_time)
  and not exists (
          select from event_inbox i
          where i.about_id = n.about_id and i.kind = n.kind and i.create_time = n.create_time)
order by n.place`, kinds, about, times)
	if err != nil {
		return nil, fmt.Errorf("look for what is missing: %w", ledger.FaultOf(err))
	}
	places, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("look for what is missing: %w", ledger.FaultOf(err))
	}
	found := make([]Line, len(places))
	for i, place := range places {
		found[i] = lines[place-1]
	}
	return found, nil
}
