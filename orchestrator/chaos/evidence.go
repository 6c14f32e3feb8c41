package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// evidence is all that is known when it is quiet: what the two sandboxes say happened, and what the ledger says.
type evidence struct {
	scheme *scheme.Scheme
	began  time.Time
	// runs that were complete, and how long a change in Kingdee stays unseen.
	runs          *runs
	visible       time.Duration
	bills         map[string][]books.BillTruth
	numbers       map[int64]string
	orders        map[warehouse.Key]warehouse.Truth
	cancellations map[warehouse.Key][]cancellation
	work          map[string][]work
	// snapshots are when each bill was last read live, by the ledger.
	snapshots map[int64]time.Time
	// together are, of each bill that reconcile runs proved gone, all that each of these runs did: one that waits for a
	// warehouse is proved gone once more.
	together  map[int64][][]int64
	intervals map[string]int
	// hid are the permissions that were lost, organisations whose bill each number is, and revisions the schemes that
	// the ledger had.
	hid           []hid
	organisations map[string]string
	revisions     []revision
	// waiting are the bills that wait for a warehouse.
	waiting []waitingBill
	// acts are what the operator typed, stops when nothing was to be sent by his word, and outages when a proxy
	// answered for the WMS. open are the conditions that are still open.
	acts           []act
	stops, outages []span
	open           []openCondition
	// keepsApprove: in this Kingdee an un-audit leaves the approve date, so that a life that nobody saw shows
	// afterwards. cancelIsDate: its cancel dates have no time of day, so that they do not show it.
	keepsApprove, cancelIsDate bool
}

// cancellation is what the ledger has of one, with its attempts.
type cancellation struct {
	ID                    int64
	Bill                  int64
	Number                string
	Generation            int
	Direction             string
	Code, Order, Type     string
	State, Hold, Outcome  string
	Inferred, MaybeLanded bool
	Evidence              string
	Triggers              []string
	Created               time.Time
	Ended                 *time.Time
	// SameOrderAs is the cancellation that is sent for this one, too; sent are its attempts.
	SameOrderAs    *int64
	attempts, sent []attempt
}

// all are its attempts, or those of the one that is sent for it.
func (d cancellation) all() []attempt {
	if d.SameOrderAs != nil {
		return d.sent
	}
	return d.attempts
}

// is says whether something about that cancellation is about this one: it is itself, or the one that is sent for it.
func (d cancellation) is(id int64) bool {
	return d.ID == id || d.SameOrderAs != nil && *d.SameOrderAs == id
}

func (d cancellation) key() warehouse.Key {
	return warehouse.Key{SID: wsandbox.DemoSID, WarehouseCode: d.Code, OrderCode: d.Order, OrderType: d.Type}
}

// person says that somebody has to look at it, and the ledger said so.
func (d cancellation) person() bool {
	return d.State == "needs_attention" || d.State == "held" || d.State == "closed"
}

type attempt struct {
	Cancellation int64
	Attempt      int
	Intent       time.Time
	Before       time.Time
	Sent         *time.Time
	Result       *time.Time
	Disposition  string
	Recognised   bool
	Message      string
	Detail       string
}

// work is a work item.
type work struct {
	Kind         string
	Bill         int64
	Number       string
	Cancellation int64
	Subject      string
	Detail       string
	Created      time.Time
	Closed       *time.Time
	Reason       string
}

// Order types: goods that come in, goods that go out.
const (
	typeIn  = "QTRK"
	typeOut = "QTCK"
)

// openCondition is a condition that nobody has ended.
type openCondition struct {
	Kind, About, Detail string
	Since               time.Time
}

// revision is one of the scheme's.
type revision struct {
	Revision                int
	Document, Actor, Reason string
}

// waitingBill is a bill on the list of an open work item about a warehouse.
type waitingBill struct {
	Warehouse            string
	Bill                 int64
	Number, Class        string
	Gone, Absent, Reread bool
}

// seenIn says whether a whole run lay in that span, in which it could see the bill.
func (e *evidence) seenIn(b books.BillTruth, s span) bool {
	return e.runs.within(s, e.visible, e.hiddenIn(b.BillID))
}

// hiddenIn are the times in which Kingdee did not show the bill.
func (e *evidence) hiddenIn(id int64) []span {
	var all []span
	for _, h := range e.hid {
		if h.hides(id, e.organisations[e.numbers[id]]) {
			all = append(all, h.span)
		}
	}
	return all
}

func newEvidence(s *scheme.Scheme) *evidence {
	return &evidence{
		scheme: s, bills: map[string][]books.BillTruth{}, numbers: map[int64]string{},
		orders:        map[warehouse.Key]warehouse.Truth{},
		cancellations: map[warehouse.Key][]cancellation{}, work: map[string][]work{}, snapshots: map[int64]time.Time{},
		together: map[int64][][]int64{}, intervals: map[string]int{},
	}
}

// gather reads both truths and the ledger.
func (t *town) gather(ctx context.Context, s *scheme.Scheme) (*evidence, error) {
	e := newEvidence(s)
	if err := e.truths(ctx, t); err != nil {
		return nil, err
	}
	return e, e.ledger(ctx, t)
}

// truths reads what both sandboxes know.
func (e *evidence) truths(ctx context.Context, t *town) error {
	kingdee, err := t.control.kingdeeTruth(ctx)
	if err != nil {
		return err
	}
	for _, b := range kingdee.Bills {
		e.numbers[b.BillID] = b.BillNo
		e.bills[b.BillNo] = append(e.bills[b.BillNo], b)
	}
	wms, err := t.control.wmsTruth(ctx)
	if err != nil {
		return err
	}
	for _, o := range wms {
		e.orders[o.Key] = o
	}
	return nil
}

func readCancellations(ctx context.Context, t *town) ([]cancellation, error) {
	return rows[cancellation](ctx, t, `
select cancellation_id as id, bill_id as bill, bill_no as number, generation, direction, warehouse_code as code,
    order_code as "order", order_type as type, state, hold_reason as hold, outcome, inferred, maybe_landed, evidence,
    triggers, create_time as created, outcome_time as ended, same_order_as
from cancellation_now order by cancellation_id`)
}

func (e *evidence) ledger(ctx context.Context, t *town) error {
	if err := t.pool.QueryRow(ctx, `select effective_from from watermark`).Scan(&e.began); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	cancellations, err := readCancellations(ctx, t)
	if err != nil {
		return err
	}
	attempts, err := rows[attempt](ctx, t, `
select cancellation_id as cancellation, attempt, intent_time as intent, send_before as before, send_time as sent,
    result_time as result, disposition, recognised, vendor_message as message, detail
from attempt order by cancellation_id, attempt`)
	if err != nil {
		return err
	}
	of := map[int64][]attempt{}
	for _, a := range attempts {
		of[a.Cancellation] = append(of[a.Cancellation], a)
	}
	for _, d := range cancellations {
		d.attempts = of[d.ID]
		if d.SameOrderAs != nil {
			d.sent = of[*d.SameOrderAs]
		}
		e.cancellations[d.key()] = append(e.cancellations[d.key()], d)
	}
	items, err := rows[work](ctx, t, `
select kind, bill_id as bill, bill_no as number, cancellation_id as cancellation, subject, detail,
    create_time as created, close_time as closed, close_reason as reason
from work_item order by work_item_id`)
	if err != nil {
		return err
	}
	for _, w := range items {
		e.work[w.Number] = append(e.work[w.Number], w)
	}
	return e.read(ctx, t)
}

// read adds what the ledger's reads left: snapshots, and what reconcile runs proved gone.
func (e *evidence) read(ctx context.Context, t *town) error {
	snapshots, err := rows[struct {
		Bill int64
		Read time.Time
	}](ctx, t, `select bill_id as bill, max(read_time) as read from bill_snapshot group by bill_id`)
	if err != nil {
		return err
	}
	for _, i := range snapshots {
		e.snapshots[i.Bill] = i.Read
	}
	intervals, err := rows[struct {
		Kind, State string
		Gone        []int64
	}](ctx, t, `select kind, state, gone_ids as gone from run join run_comparison using (run_id)`)
	if err != nil {
		return err
	}
	for _, l := range intervals {
		e.intervals[l.Kind+" "+l.State]++
		for _, bill := range l.Gone {
			e.together[bill] = append(e.together[bill], l.Gone)
		}
	}
	e.revisions, err = rows[revision](ctx, t,
		`select revision, document, actor, reason from scheme_revision order by revision`)
	if err != nil {
		return err
	}
	e.waiting, err = rows[waitingBill](ctx, t, `
select w.subject as warehouse, b.bill_id as bill, b.bill_no as number, b.class, b.gone_time is not null as gone,
    b.absent_since is not null as absent, b.reread_time is not null as reread
from work_item w join work_item_bill l using (work_item_id)
join bill b on b.scheme = l.scheme and b.bill_id = l.bill_id
where w.close_time is null order by w.subject, b.bill_id`)
	if err != nil {
		return err
	}
	e.open, err = rows[openCondition](ctx, t, `
select kind, concat_ws(' ', scheme, nullif(data_center_id, ''), nullif(account, ''), nullif(trigger, ''),
        nullif(host, ''), nullif(reason, '')) as about, detail, since
from condition where end_time is null order by condition_id`)
	return err
}

func rows[T any](ctx context.Context, t *town, sql string) ([]T, error) {
	found, err := t.pool.Query(ctx, sql)
	all, err2 := pgx.CollectRows(found, pgx.RowToStructByName[T])
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return all, nil
}
