package event

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Event is a change as it is shown. Which of the ids are set says its kind; 0 for the others.
type Event struct {
	EventNumber int64
	Kind        ledger.EventKind
	// Scheme is empty where it is not about one scheme.
	Scheme, State, Reason string
	// BillID and BillNo are those of what it is about; 0 and empty for what has no bill.
	BillID int64
	BillNo string

	CancellationID, WorkItemID, ConditionID, RunID, OperatorActionID int64
	Revision                                                         int
	// Actor is who did it, and Detail what there is to say beside the reason.
	Actor, Detail string
	EventTime     time.Time
}

// Filter selects events; empty parts select all.
type Filter struct {
	Scheme string
	Kinds  []ledger.EventKind
	// BillNo selects what is about cancellations and work items of bills with this number, and acts that changed them.
	BillNo string
}

// Page is a piece of the events.
type Page struct {
	Events []Event
	// Through is where to go on: behind the last of Events, or behind all there was where nothing else is selected.
	Through Token
	// More: what is selected goes on; of a watch, there is something behind Through already, selected or not.
	More bool
}

const (
	// pageEvents is how many events a watcher is given at once.
	pageEvents = 500
	// reach is how many numbers one page of a watcher covers, so that a filter which selects few of very many costs no
	// long statement.
	reach = 20000
)

// Reader reads events, and tells those who watch. Safe for concurrent use.
type Reader struct {
	pool    *pgxpool.Pool
	news    *follower
	watches atomic.Int64
}

// NewReader reads through a pool that ledger.Open made.
func NewReader(pool *pgxpool.Pool) *Reader {
	r := &Reader{pool: pool}
	r.news = &follower{ask: r.Identity, told: make(chan struct{})}
	return r
}

// Identity answers which ledger this is.
func (r *Reader) Identity(ctx context.Context) (ledger.Identity, error) {
	return ledger.ReadIdentity(ctx, r.pool)
}

// Next answers the events behind a token, oldest first, as far as one page goes. A token behind which events are
// missing is a *StaleError.
func (r *Reader) Next(ctx context.Context, from Token, f Filter) (Page, error) {
	return r.at(ctx, func(ctx context.Context, tx pgx.Tx, identity ledger.Identity) (Page, error) {
		if err := check(from, identity); err != nil {
			return Page{}, err
		}
		through := min(identity.Newest, from.Number+reach)
		events, err := read(ctx, tx, f, from.Number, through, pageEvents, false)
		if len(events) == pageEvents {
			through = events[pageEvents-1].EventNumber
		}
		return Page{events, Token{from.LedgerID, through}, through < identity.Newest}, err
	})
}

// List answers at most limit events behind a token, oldest first; behind the oldest where it is nil. A token behind
// which events are missing is a *StaleError.
func (r *Reader) List(ctx context.Context, from *Token, f Filter, limit int) (Page, error) {
	return r.at(ctx, func(ctx context.Context, tx pgx.Tx, identity ledger.Identity) (Page, error) {
		begin := Oldest(identity)
		if from != nil {
			begin = *from
		}
		if err := check(begin, identity); err != nil {
			return Page{}, err
		}
		events, err := read(ctx, tx, f, begin.Number, identity.Newest, limit+1, false)
		page := Page{Events: events, Through: Newest(identity), More: len(events) > limit}
		if page.More {
			page.Events = events[:limit]
			page.Through.Number = page.Events[limit-1].EventNumber
		}
		return page, err
	})
}

// Latest answers at most limit events, newest first: those before a number, or all where it is 0. Through is behind the
// newest there is.
func (r *Reader) Latest(ctx context.Context, before int64, f Filter, limit int) (Page, error) {
	return r.at(ctx, func(ctx context.Context, tx pgx.Tx, identity ledger.Identity) (Page, error) {
		through := identity.Newest
		if before != 0 {
			through = before - 1
		}
		events, err := read(ctx, tx, f, 0, through, limit+1, true)
		return Page{events[:min(limit, len(events))], Newest(identity), len(events) > limit}, err
	})
}

// at reads as one moment sees the ledger: its identity, and the events.
func (r *Reader) at(
	ctx context.Context, do func(ctx context.Context, tx pgx.Tx, identity ledger.Identity) (Page, error),
) (Page, error) {
	for {
		var page Page
		var here bool
		err := pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
			func(tx pgx.Tx) error {
				identity, drawnHere, err := ledger.IdentityIn(ctx, tx)
				if here = drawnHere; err != nil || !here {
					return err
				}
				page, err = do(ctx, tx, identity)
				return err
			})
		if err != nil {
			return Page{}, ledger.FaultOf(err)
		}
		if here {
			return page, nil
		}
		if _, err := r.Identity(ctx); err != nil { // which draws it anew
			return Page{}, err
		}
	}
}

// aboutBill are the numbers of all events about bills with a number.
const aboutBill = `array(
    with c as materialized (select cancellation_id from cancellation where bill_no = @bill_no), about as (
        select 'cancellation' as what, cancellation_id as id from c
        union all
        select 'work_item', work_item_id from work_item
        where bill_no = @bill_no or cancellation_id in (select cancellation_id from c)
        union all
        select 'act', operator_action_id from operator_action_cancellation
        where cancellation_id in (select cancellation_id from c)
    )
    select n.event_number
    from about a join event n on n.about_id = a.id and starts_with(n.kind, a.what))`

// read answers the events behind a number, up to another and with it.
func read(
	ctx context.Context, db ledger.Reads, f Filter, after, through int64, limit int, newestFirst bool,
) ([]Event, error) {
	args := pgx.StrictNamedArgs{"after": after, "through": through, "limit": limit}
	where, order := `e.event_number > @after and e.event_number <= @through`, `e.event_number`
	if f.Scheme != "" {
		where, args["scheme"] = where+` and e.scheme = @scheme`, f.Scheme
	}
	if len(f.Kinds) > 0 {
		where, args["kinds"] = where+` and e.kind = any(@kinds)`, f.Kinds
	}
	if f.BillNo != "" {
		where, args["bill_no"] = where+` and e.event_number = any(`+aboutBill+`)`, f.BillNo
	}
	if newestFirst {
		order += ` desc`
	}
	// The page is found first, and the view is asked for each event by its number: joined to all that events are about,
	// Postgres would read that whole.
	return ledger.ReadAll[Event](ctx, db, "read events", `
with page as materialized (
    select e.event_number from event e
    where `+where+`
    order by `+order+`
    limit @limit
)
select e.event_number, e.kind, coalesce(e.scheme, '') as scheme, e.state, e.reason, coalesce(e.bill_id, 0) as bill_id,
       coalesce(e.bill_no, '') as bill_no, coalesce(e.cancellation_id, 0) as cancellation_id,
       coalesce(e.work_item_id, 0) as work_item_id, coalesce(e.condition_id, 0) as condition_id,
       coalesce(e.run_id, 0) as run_id, coalesce(e.operator_action_id, 0) as operator_action_id,
       coalesce(e.revision, 0) as revision, coalesce(e.actor, '') as actor, coalesce(e.detail, '') as detail,
       e.event_time
from page p cross join lateral (select * from reporting.event e where e.event_number = p.event_number offset 0) e
order by `+order, args)
}
