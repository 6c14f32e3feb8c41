package event

import (
	"context"
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
	// Through is where to go on: all events up to there that the filter selects are in Events, or in pages before.
	Through Token
	// More: there are events behind Through already, selected or not.
	More bool
}

const (
	// pageEvents is how many events a watcher is given at once.
	pageEvents = 500
	// reach is how many numbers one page of a watcher covers, so that a filter which selects few of very many costs no
	// long statement.
	reach = 20000
)

// Reader reads events. Safe for concurrent use.
type Reader struct {
	pool *pgxpool.Pool
}

// NewReader reads through a pool that ledger.Open made.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// Identity answers which ledger this is.
func (r *Reader) Identity(ctx context.Context) (ledger.Identity, error) {
	return ledger.ReadIdentity(ctx, r.pool)
}

// Next answers the events behind a token, oldest first, as far as one page goes. A token behind which events are
// missing is a *StaleError.
func (r *Reader) Next(ctx context.Context, from Token, f Filter) (Page, error) {
	return r.read(ctx, from, func(ctx context.Context, tx pgx.Tx, newest int64) (Page, error) {
		through := min(newest, from.Number+reach)
		events, err := read(ctx, tx, f, from.Number, through, pageEvents, false)
		if len(events) == pageEvents {
			through = events[pageEvents-1].EventNumber
		}
		return Page{Events: events, Through: Token{from.LedgerID, through}, More: through < newest}, err
	})
}

// List answers at most limit events behind a token, oldest first.
func (r *Reader) List(ctx context.Context, from Token, f Filter, limit int) ([]Event, error) {
	page, err := r.read(ctx, from, func(ctx context.Context, tx pgx.Tx, newest int64) (Page, error) {
		events, err := read(ctx, tx, f, from.Number, newest, limit, false)
		return Page{Events: events}, err
	})
	return page.Events, err
}

// Latest answers at most limit events, newest first: those before a number, or all where it is 0.
func (r *Reader) Latest(ctx context.Context, before int64, f Filter, limit int) ([]Event, error) {
	through := before - 1
	if before == 0 {
		through = 1<<63 - 1
	}
	return read(ctx, r.pool, f, 0, through, limit, true)
}

// read reads as one moment sees the ledger: its identity, and the events.
func (r *Reader) read(
	ctx context.Context, from Token, do func(ctx context.Context, tx pgx.Tx, newest int64) (Page, error),
) (page Page, err error) {
	for again := true; again; {
		again = false
		err = pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
			func(tx pgx.Tx) error {
				identity, drawnHere, err := ledger.IdentityIn(ctx, tx)
				if err != nil {
					return err
				}
				if again = !drawnHere; again {
					return nil
				}
				if err := check(from, identity); err != nil {
					return err
				}
				page, err = do(ctx, tx, identity.Newest)
				return err
			})
		if again && err == nil {
			_, err = r.Identity(ctx) // drawn anew
		}
		if err != nil {
			return Page{}, ledger.FaultOf(err)
		}
	}
	return page, nil
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
	return ledger.ReadAll[Event](ctx, db, "read events", `
select e.event_number, e.kind, coalesce(e.scheme, '') as scheme, e.state, e.reason, coalesce(e.bill_id, 0) as bill_id,
       coalesce(e.bill_no, '') as bill_no, coalesce(e.cancellation_id, 0) as cancellation_id,
       coalesce(e.work_item_id, 0) as work_item_id, coalesce(e.condition_id, 0) as condition_id,
       coalesce(e.run_id, 0) as run_id, coalesce(e.operator_action_id, 0) as operator_action_id,
       coalesce(e.revision, 0) as revision, coalesce(e.actor, '') as actor, coalesce(e.detail, '') as detail,
       e.event_time
from reporting.event e
where `+where+`
order by `+order+`
limit @limit`, args)
}
