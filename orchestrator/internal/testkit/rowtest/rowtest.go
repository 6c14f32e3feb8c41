// Package rowtest inserts rows of the ledger for tests: valid defaults, of which a test names only what it is about.
// Every time is fixed, so that what is read back can be compared as a whole. It does nothing that the rooms do; it is
// no way to write a ledger. Where the pool is the running role's, its rows are laid down by the one who logged in, the
// owner in storetest's databases: a test stages what an orchestrator may not do as well.
package rowtest

import (
	"cmp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// Now is when everything happened, unless a row says otherwise.
var Now = time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)

// SchemeName is the scheme of every row that names none.
const SchemeName = "assembly"

// DB inserts into one database.
type DB struct {
	t    testing.TB
	pool *pgxpool.Pool
}

// New inserts through this pool. From then on the view cancellation_now of its database takes rows and changes: see
// writable.
func New(t testing.TB, pool *pgxpool.Pool) DB {
	t.Helper()
	d := DB{t, pool}
	d.Exec(writable)
	return d
}

// writable lets a test put a cancellation into any state by inserting into or updating the view cancellation_now: the
// row is taken apart into its order, its facts, and its changing row or its outcome. Outcomes of before stay.
const writable = `
do $do$ begin
if to_regproc('voidrelay.write_cancellation_now') is not null then return; end if;
create function voidrelay.write_cancellation_now() returns trigger language plpgsql set search_path = voidrelay as $$
declare
    facts jsonb := '{"question": 0, "extend_props": {}, "owner_code": "", "triggers": ["voided"], "traceparent": ""}';
    standing jsonb := '{"hold_reason": "", "outcome": "", "inferred": false, "attempt": 0,
        "disposition": "", "vendor_message": "", "same_disposition": "", "same_count": 0, "answer_changes": 0,
        "maybe_landed": false, "answer_lost": false, "times_settled": 0, "awaits_text": false,
        "question": 0, "watched": false}';
    given jsonb := jsonb_strip_nulls(to_jsonb(new));
    id bigint := new.cancellation_id;
    ordered bigint;
begin
    facts := facts || jsonb_build_object('create_time', now(), 'update_time', now()) || given;
    standing := standing || jsonb_build_object('due_time', now(), 'update_time', now(), 'verified_time', now())
        || given;
    insert into warehouse_order (account, warehouse_code, order_code, order_type)
    values (new.account, new.warehouse_code, new.order_code, new.order_type) on conflict do nothing;
    select order_id into ordered from warehouse_order o where o.account = new.account
        and o.warehouse_code = new.warehouse_code and o.order_code = new.order_code and o.order_type = new.order_type;
    if tg_op = 'INSERT' then
        id := nextval(pg_get_serial_sequence('cancellation', 'cancellation_id'));
    end if;
    facts := facts || jsonb_build_object('cancellation_id', id, 'order_id', ordered);
    standing := standing || jsonb_build_object('cancellation_id', id, 'order_id', ordered);
    insert into cancellation as c overriding system value select f.*
    from jsonb_populate_record(null::cancellation, facts) f
    on conflict (cancellation_id) do update set (scheme, bill_id, bill_no, generation, order_id, bill_kind, direction,
        warehouse_number, cancel_reason, extend_props, owner_code, triggers, evidence, orders_from, revision, run_id,
        business_date, create_time) = (select e.scheme, e.bill_id, e.bill_no, e.generation, e.order_id, e.bill_kind,
        e.direction, e.warehouse_number, e.cancel_reason, e.extend_props, e.owner_code, e.triggers, e.evidence,
        e.orders_from, e.revision, e.run_id, e.business_date, e.create_time from (select excluded.*) e);
    standing := standing || jsonb_build_object('times_settled',
        (select count(*) from outcome o where o.cancellation_id = id and o.revoke_time is not null));
    delete from unsettled_cancellation u where u.cancellation_id = id;
    delete from outcome o where o.cancellation_id = id and o.revoke_time is null;
    if new.state in ('planned', 'open', 'held', 'needs_attention') then
        insert into unsettled_cancellation
        select u.* from jsonb_populate_record(null::unsettled_cancellation, standing) u;
    else
        standing := standing || jsonb_build_object('times_settled', (standing->>'times_settled')::integer + 1);
        insert into outcome select o.* from jsonb_populate_record(null::outcome, standing) o;
    end if;
    new.cancellation_id := id;
    return new;
end $$;
create trigger write_cancellation_now instead of insert or update on voidrelay.cancellation_now
    for each row execute function voidrelay.write_cancellation_now();
end $do$`

// staging is a transaction of the one who logged in, whatever role the pool's connections begin as.
var staging = pgx.TxOptions{BeginQuery: "begin; set local role none"}

func (d DB) insert(sql string, args pgx.StrictNamedArgs) (id int64) {
	d.t.Helper()
	require.NoError(d.t, pgx.BeginTxFunc(d.t.Context(), d.pool, staging, func(tx pgx.Tx) error {
		return tx.QueryRow(d.t.Context(), sql, args).Scan(&id)
	}))
	return id
}

// Exec runs any statement, or several that have no arguments, in a transaction.
func (d DB) Exec(sql string, args ...any) {
	d.t.Helper()
	require.NoError(d.t, pgx.BeginTxFunc(d.t.Context(), d.pool, staging, func(tx pgx.Tx) error {
		_, err := tx.Exec(d.t.Context(), sql, args...)
		return err
	}))
}

// Text answers the one text that a query finds, which sees all.
func (d DB) Text(sql string, args ...any) (text string) {
	d.t.Helper()
	require.NoError(d.t, pgx.BeginTxFunc(d.t.Context(), d.pool, staging, func(tx pgx.Tx) error {
		return tx.QueryRow(d.t.Context(), sql, args...).Scan(&text)
	}))
	return text
}

// Scheme is a row of scheme with its revision 1 and, unless NoWatermark, its watermark. The last run was complete just
// now, by the clock: reading goes on.
type Scheme struct {
	Scheme, Mode, StopReason string
	NoWatermark              bool
}

// Scheme inserts one: running and in mode send unless said otherwise.
func (d DB) Scheme(s Scheme) string {
	d.t.Helper()
	s.Scheme, s.Mode = cmp.Or(s.Scheme, SchemeName), cmp.Or(s.Mode, "send")
	d.Exec(`insert into voidrelay.scheme (scheme, title, form_id, data_center_id, wms_accounts, revision,
    mode, send_since, incremental_millis, create_time, update_time)
values (@scheme, '组装拆卸单作废', 'STK_AssembledApp', 'dc-1', '{default}', 1, @mode, @since,
    60000, @now, @now)`, pgx.StrictNamedArgs{
		"scheme": s.Scheme, "mode": s.Mode,
		"since": when(s.Mode == "send", Now), "now": Now,
	})
	d.Exec(`insert into voidrelay.scheme_revision (scheme, revision, content_hash, document, create_time)
values ($1, 1, 'h', $2, $3)`,
		s.Scheme, "name: "+s.Scheme+"\n", Now)
	if s.StopReason != "" {
		d.Condition(Condition{Kind: "scheme_stopped", Scheme: s.Scheme, Reason: s.StopReason})
	}
	if !s.NoWatermark {
		d.Exec(`insert into voidrelay.watermark (scheme, watermark_time, data_center_id, environment, time_zone,
    effective_from, last_run_time, last_run_rows)
values ($1, $2, 'dc-1', 'sandbox', 'Asia/Shanghai', $3, now(), 7)`, s.Scheme, Now, Now.Add(-time.Hour))
	}
	return s.Scheme
}

// Condition is a row of condition that lasts; what it blocks follows from its kind.
type Condition struct {
	Kind, Scheme, DataCenterID, Account, Trigger, Host, Reason, Detail string
}

// Condition inserts one and answers its number.
func (d DB) Condition(c Condition) (id int64) {
	d.t.Helper()
	require.NoError(d.t, pgx.BeginTxFunc(d.t.Context(), d.pool, staging, func(tx pgx.Tx) error {
		return tx.QueryRow(d.t.Context(), `
insert into voidrelay.condition (kind, scheme, data_center_id, account, trigger, host, reason, detail, blocks_reading,
    blocks_sending, by_person, since, last_seen)
select kind, nullif($2, ''), $3, $4, $5, $6, $7, $8, blocks_reading, blocks_sending, by_person, $9, $9
from voidrelay.condition_kind
where kind = $1 and reason = ''
returning condition_id`, c.Kind, c.Scheme, c.DataCenterID, c.Account, c.Trigger, c.Host, c.Reason, c.Detail, Now).
			Scan(&id)
	}))
	return id
}

// EndCondition ends one.
func (d DB) EndCondition(id int64) {
	d.t.Helper()
	d.Exec(`update voidrelay.condition set end_time = now() where condition_id = $1`, id)
}

// Bill is a row of bill.
type Bill struct {
	Scheme string
	ID     int64
	No     string
	// Class: voided unless said; Document and Cancel letters follow from it.
	Class, ClassReason string
	Generation         int
	// Snapshot stores one for the generation.
	Snapshot bool
}

// Bill inserts one, voided unless said otherwise.
func (d DB) Bill(b Bill) {
	d.t.Helper()
	b.Scheme, b.Class, b.Generation = cmp.Or(b.Scheme, SchemeName), cmp.Or(b.Class, "voided"), cmp.Or(b.Generation, 1)
	document, cancel := "C", "B"
	switch b.Class {
	case "live":
		cancel = "A"
	case "un_audited":
		document, cancel = "D", "A"
	case "never_audited":
		document = "Z"
	}
	voided := when(cancel == "B", Now.Add(-time.Minute))
	d.Exec(`insert into voidrelay.bill (scheme, bill_id, bill_no, org, bill_kind, document_status,
    cancel_status, bill_create_time, modify_time, approve_time, cancel_time, read_time, class, class_reason, generation,
    generation_live, ever_live, generation_cancel, first_seen_time, update_time)
values (@scheme, @id, @no, '100', 'Assembly', @document, @cancel, @created, @changed, @approved, @voided, @now, @class,
    @reason, @generation, true, true, @voided, @created, @now)`,
		pgx.StrictNamedArgs{
			"scheme": b.Scheme, "id": b.ID, "no": b.No, "document": document, "cancel": cancel,
			"created": Now.Add(-2 * time.Hour), "changed": Now.Add(-time.Minute),
			"approved": when(document == "C", Now.Add(-time.Hour)), "voided": voided, "now": Now, "class": b.Class,
			"reason": b.ClassReason, "generation": b.Generation,
		})
	if b.Snapshot {
		d.Exec(`insert into voidrelay.bill_snapshot (scheme, bill_id, generation, content, read_time)
values ($1, $2, $3, '{}', $4)`,
			b.Scheme, b.ID, b.Generation, Now.Add(-time.Hour))
	}
}

// Cancellation is how a cancellation stands.
type Cancellation struct {
	Scheme     string
	BillID     int64
	BillNo     string
	Generation int
	Warehouse  string
	// State: open unless said.
	State                                           string
	HoldReason, Outcome, Disposition, VendorMessage string
	Attempt                                         int
	Created                                         time.Time
}

// Cancellation inserts one, open unless said otherwise, and answers its id.
func (d DB) Cancellation(c Cancellation) int64 {
	d.t.Helper()
	c.Scheme, c.State, c.Generation = cmp.Or(c.Scheme, SchemeName), cmp.Or(c.State, "open"), cmp.Or(c.Generation, 1)
	c.Warehouse = cmp.Or(c.Warehouse, "WH01")
	if c.Created.IsZero() {
		c.Created = Now
	}
	if c.State == "held" {
		c.HoldReason = cmp.Or(c.HoldReason, "safety_limit_hour")
	}
	var ended bool
	switch c.State {
	case "done", "withdrawn", "dry_run", "closed":
		ended = true
		c.Outcome = cmp.Or(c.Outcome, c.Disposition, c.State)
	}
	return d.insert(`insert into voidrelay.cancellation_now (scheme, bill_id, bill_no, generation, bill_kind,
    direction, warehouse_number, account, warehouse_code, order_code, order_type, cancel_reason, extend_props, evidence,
    orders_from, revision, business_date, state, hold_reason, outcome, verified_time, decide_time, due_time, attempt,
    disposition, vendor_message, create_time, update_time, outcome_time)
values (@scheme, @bill, @no, @generation, 'Assembly', 'in', 'CK' || @warehouse, 'default', @warehouse, @no, 'OTHER_IN',
    '金蝶作废', '{"source": "kingdee"}', 'snapshot', 'snapshot', 1, '2026-11-20', @state, @hold, @outcome, @created,
    @created, @created, @attempt, @disposition, @message, @created, @created, @ended)
returning cancellation_id`, pgx.StrictNamedArgs{
		"scheme": c.Scheme, "bill": c.BillID, "no": c.BillNo, "generation": c.Generation, "warehouse": c.Warehouse,
		"state": c.State, "hold": c.HoldReason, "outcome": c.Outcome, "created": c.Created, "attempt": c.Attempt,
		"disposition": c.Disposition, "message": c.VendorMessage, "ended": when(ended, c.Created.Add(3*time.Second)),
	})
}

// Attempt is a row of attempt with its evidence.
type Attempt struct {
	CancellationID                         int64
	Attempt                                int
	Disposition, VendorCode, VendorMessage string
	Recognised                             bool
	Request, Reply                         []byte
}

// Attempt inserts one; without a disposition it is in flight.
func (d DB) Attempt(a Attempt) {
	d.t.Helper()
	a.Attempt = cmp.Or(a.Attempt, 1)
	answered := a.Disposition != ""
	d.Exec(`insert into voidrelay.attempt (cancellation_id, attempt, intent_time, send_before, send_time, reply_time,
    result_time, disposition, recognised, http_status, vendor_flag, vendor_code, vendor_message)
values (@id, @attempt, @now, @before, @sent, @sent, @answered, @disposition, @recognised, 200,
    'failure', @code, @message)`, pgx.StrictNamedArgs{
		"id": a.CancellationID, "attempt": a.Attempt, "now": Now.Add(time.Second), "before": Now.Add(time.Minute),
		"sent": when(answered, Now.Add(time.Second)), "answered": when(answered, Now.Add(2*time.Second)),
		"disposition": a.Disposition, "recognised": a.Recognised, "code": a.VendorCode, "message": a.VendorMessage,
	})
	if a.Request != nil || a.Reply != nil {
		d.Exec(`insert into voidrelay.attempt_evidence (cancellation_id, attempt, request, reply)
values ($1, $2, $3, $4)`,
			a.CancellationID, a.Attempt, a.Request, a.Reply)
	}
}

// AnswerText inserts a text that the adapter does not know and answers its id. The cancellation, when there is one,
// waits for it, open or as it is.
func (d DB) AnswerText(text string, success bool, cancellation int64) int64 {
	d.t.Helper()
	id := d.insert(`insert into voidrelay.answer_text (success, text, example, answers)
values (@success, @text, @text, 4)
on conflict (success, md5(text)) do update set answers = answer_text.answers + 4
returning text_id`, pgx.StrictNamedArgs{"success": success, "text": text})
	d.Exec(`update voidrelay.unsettled_cancellation set text_id = $2, awaits_text = state = 'open'
where cancellation_id = $1`, cancellation, id)
	return id
}

// Work is a row of work_item.
type Work struct {
	Scheme, Kind    string
	BillID          int64
	BillNo          string
	CancellationID  int64
	Subject, Detail string
	Closed          string
}

// Work inserts one, open unless it has a close reason, and answers its id.
func (d DB) Work(w Work) int64 {
	d.t.Helper()
	w.Scheme = cmp.Or(w.Scheme, SchemeName)
	return d.insert(`insert into voidrelay.work_item (scheme, kind, bill_id, bill_no, cancellation_id, subject, detail,
    create_time, close_time, close_reason)
values (@scheme, @kind, @bill, @no, @cancellation, @subject, @detail, @now, @closed, @reason)
returning work_item_id`, pgx.StrictNamedArgs{
		"scheme": w.Scheme, "kind": w.Kind, "bill": w.BillID, "no": w.BillNo, "cancellation": w.CancellationID,
		"subject": w.Subject, "detail": w.Detail, "now": Now,
		"closed": when(w.Closed != "", Now.Add(time.Minute)), "reason": w.Closed,
	})
}

// Run is a baseline or an incremental run.
type Run struct {
	Scheme, Kind, Error, RunCounts string
}

// Run inserts one, a complete incremental run unless said otherwise, and answers its id.
func (d DB) Run(p Run) int64 {
	d.t.Helper()
	state := "complete"
	if p.Error != "" {
		state = "failed"
	}
	return d.insert(`
with made as (
    insert into voidrelay.run (scheme, kind, state, revision, cursor_id, run_counts, start_time, end_time, error)
    values (@scheme, @kind, @state, 1, 100, @run_counts, @now, @end, @error)
    returning run_id
)
insert into voidrelay.run_reading (run_id, watermark_version, lower_edge, vendor_time, service_time, watermark_before,
    watermark_after)
select run_id, 1, @edge, @now, @now, @edge, @now from made
returning run_id`, pgx.StrictNamedArgs{
		"scheme": cmp.Or(p.Scheme, SchemeName), "kind": cmp.Or(p.Kind, "incremental"), "state": state,
		"edge": Now.Add(-30 * time.Minute), "now": Now, "run_counts": cmp.Or(p.RunCounts, "{}"),
		"end": Now.Add(time.Second), "error": p.Error,
	})
}

// Reconcile is a reconcile run or a recheck.
type Reconcile struct {
	Scheme, Kind, State, Error, Note, RunCounts string
	// Differing hours of 73, and bills.
	Differing, Repaired, Missing, Gone int
}

// Reconcile inserts one, a complete reconcile run of 73 hours and 12 bills unless said otherwise, and answers its id. A
// recheck has no hours.
func (d DB) Reconcile(s Reconcile) int64 {
	d.t.Helper()
	s.Kind, s.State = cmp.Or(s.Kind, "reconcile"), cmp.Or(s.State, "complete")
	hours, phase := 73, "done"
	if s.Kind == "recheck" {
		hours = 0
	}
	if s.State == "running" {
		phase = map[string]string{"reconcile": "gather", "recheck": "recheck"}[s.Kind]
	}
	return d.insert(`
with made as (
    insert into voidrelay.run (scheme, kind, revision, state, run_counts, note, error, start_time, end_time)
    values (@scheme, @kind, 1, @state, @run_counts, @note, @error, @now, @end)
    returning run_id
)
insert into voidrelay.run_comparison (run_id, phase, from_time, to_time, hours, hours_differing, bills_read,
    bills_repaired, bills_missing, bills_gone)
select run_id, @phase, @from, @to, @hours, @differing, 12, @repaired, @missing, @gone from made
returning run_id`, pgx.StrictNamedArgs{
		"scheme": cmp.Or(s.Scheme, SchemeName), "kind": s.Kind, "state": s.State, "phase": phase, "hours": hours,
		"from": when(hours > 0, Now.Add(-72*time.Hour)), "to": when(hours > 0, Now), "differing": s.Differing,
		"repaired": s.Repaired, "missing": s.Missing, "gone": s.Gone, "run_counts": cmp.Or(s.RunCounts, "{}"),
		"note": s.Note, "error": s.Error, "now": Now, "end": when(s.State != "running", Now.Add(4*time.Second)),
	})
}

// when is the time, or null.
func when(set bool, at time.Time) *time.Time {
	if !set {
		return nil
	}
	return &at
}
