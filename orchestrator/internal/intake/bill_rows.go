package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// upsertBills writes the bills of a page in one statement: a backfill of a million has no time for one each.
func upsertBills(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) error {
	bills = once(bills)
	if len(bills) == 0 {
		return nil
	}
	written := make([]billRow, len(bills))
	for i, b := range bills {
		written[i] = rowOf(b)
	}
	rows, err := tx.Query(ctx, `
insert into bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, bill_create_time,
    modify_time, approve_time, cancel_time, cancel_is_date, closed, read_time, class, class_reason, generation,
    generation_live, ever_live, generation_approve, generation_cancel, un_audited_since, un_audit_time, gone_time,
    reread_time)
select @scheme, b.id, b.number, b.org, b.kind, b.document, b.cancel, b.created, b.modified, b.approved, b.cancelled,
    b.is_date, b.closed, b.read_time, b.class, b.reason, b.generation, b.generation_live, b.ever_live,
    b.generation_approve, b.generation_cancel, b.un_audited_since, b.un_audit_time, b.gone,
    case when b.class = 'undecodable' then now() + interval '`+rereadPause+`' end
from `+billColumns.From+`
on conflict (scheme, bill_id) do update set bill_no = excluded.bill_no, org = excluded.org,
    bill_kind = excluded.bill_kind, document_status = excluded.document_status,
    cancel_status = excluded.cancel_status, bill_create_time = excluded.bill_create_time,
    modify_time = excluded.modify_time, approve_time = excluded.approve_time, cancel_time = excluded.cancel_time,
    cancel_is_date = excluded.cancel_is_date, closed = excluded.closed, read_time = excluded.read_time,
    class = excluded.class, class_reason = excluded.class_reason, generation = excluded.generation,
    generation_live = excluded.generation_live, ever_live = excluded.ever_live,
    generation_approve = excluded.generation_approve, generation_cancel = excluded.generation_cancel,
    un_audited_since = excluded.un_audited_since, un_audit_time = excluded.un_audit_time,
    gone_time = excluded.gone_time,
    absent_since = case when excluded.gone_time is null then null else bill.absent_since end,
    reread_time = excluded.reread_time, update_time = now()
where bill.read_time <= excluded.read_time
returning bill_id, xmax = 0`,
		billColumns.Args(written, pgx.StrictNamedArgs{"scheme": scheme}))
	if err != nil {
		return err
	}
	// A bill that two readers meet for the first time at the same moment had no row to be locked: the later writer
	// waits for the other here, and must not overwrite what the other learned of it, neither with an older read nor as
	// if nothing had been known of it.
	unseen := make(map[int64]bool, len(bills))
	for _, b := range bills {
		unseen[b.After.State.ID] = b.Before.IsZero()
	}
	fresh := 0
	var id int64
	var inserted bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &inserted}, func() error {
		if inserted || !unseen[id] {
			fresh++
		}
		return nil
	}); err != nil {
		return err
	}
	if fresh != len(bills) {
		return fmt.Errorf("a bill was read anew meanwhile: %w", ledger.ErrConflict)
	}
	return nil
}

// once answers the bills in order of their ids, each with what was decided of it last.
func once(bills []ledger.BillWrite) []ledger.BillWrite {
	sorted := slices.SortedStableFunc(slices.Values(bills), func(a, b ledger.BillWrite) int {
		return cmp.Or(cmp.Compare(a.After.State.ID, b.After.State.ID), a.After.ReadTime.Compare(b.After.ReadTime))
	})
	kept := sorted[:0]
	for i, b := range sorted {
		if i+1 == len(sorted) || sorted[i+1].After.State.ID != b.After.State.ID {
			kept = append(kept, b)
		}
	}
	return kept
}

// billRow is a bill as a statement wants it.
type billRow struct {
	ID                int64      `col:"id bigint"`
	Number            string     `col:"number text"`
	Org               string     `col:"org text"`
	Kind              string     `col:"kind text"`
	Document          string     `col:"document text"`
	Cancel            string     `col:"cancel text"`
	Created           time.Time  `col:"created timestamptz"`
	Modified          time.Time  `col:"modified timestamptz"`
	Approved          time.Time  `col:"approved timestamptz"`
	Cancelled         time.Time  `col:"cancelled timestamptz"`
	IsDate            bool       `col:"is_date boolean"`
	Closed            bool       `col:"closed boolean"`
	ReadTime          time.Time  `col:"read_time timestamptz"`
	Class             rule.Class `col:"class text"`
	Reason            string     `col:"reason text"`
	Generation        int        `col:"generation integer"`
	GenerationLive    bool       `col:"generation_live boolean"`
	EverLive          bool       `col:"ever_live boolean"`
	GenerationApprove time.Time  `col:"generation_approve timestamptz"`
	GenerationCancel  time.Time  `col:"generation_cancel timestamptz"`
	UnAuditedSince    time.Time  `col:"un_audited_since timestamptz"`
	UnAuditTime       time.Time  `col:"un_audit_time timestamptz"`
	Gone              time.Time  `col:"gone timestamptz"`
}

var billColumns = ledger.ColumnsOf[billRow]("b")

func rowOf(b ledger.BillWrite) billRow {
	k, s := b.After, b.After.State
	return billRow{
		ID: s.ID, Number: s.Number, Org: s.Org, Kind: s.Kind, Document: s.DocumentStatus, Cancel: s.CancelStatus,
		Created: s.CreateTime, Modified: s.ModifyTime, Approved: s.ApproveTime, Cancelled: s.CancelTime,
		IsDate: s.CancelIsDate, Closed: s.Closed, ReadTime: k.ReadTime, Class: k.Class, Reason: b.Reason,
		Generation: k.Generation, GenerationLive: k.GenerationLive, EverLive: k.EverLive,
		GenerationApprove: k.GenerationApprove, GenerationCancel: k.GenerationCancel,
		UnAuditedSince: k.UnAuditedSince, UnAuditTime: k.UnAuditTime, Gone: k.GoneTime,
	}
}

// contentRow is what a bill was read with, as a statement wants it.
type contentRow struct {
	BillID     int64     `col:"bill_id bigint"`
	Generation int       `col:"generation integer"`
	Content    string    `col:"content text"`
	ReadTime   time.Time `col:"read_time timestamptz"`
}

var contentColumns = ledger.ColumnsOf[contentRow]("i")

// upsertSnapshots stores the snapshots that bills of a page were last seen live with.
func upsertSnapshots(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) error {
	return upsertRead(ctx, tx, scheme, "bill_snapshot", bills,
		func(b ledger.BillWrite) *rule.Bill { return b.Snapshot })
}

// upsertContents stores what bills of a page showed that owe something and have no snapshot.
func upsertContents(ctx context.Context, tx pgx.Tx, scheme string, page *ledger.Page) error {
	owing := map[int64]bool{}
	for _, c := range page.Cancellations {
		owing[c.BillID] = true
	}
	return upsertRead(ctx, tx, scheme, "bill_content", page.Bills, func(b ledger.BillWrite) *rule.Bill {
		if !owing[b.After.State.ID] {
			return nil
		}
		return b.Content
	})
}

// upsertRead stores in a table what bills of a page were read with; nil of a bill stores nothing.
func upsertRead(
	ctx context.Context, tx pgx.Tx, scheme, table string, bills []ledger.BillWrite,
	of func(ledger.BillWrite) *rule.Bill,
) error {
	var written []contentRow
	for _, b := range once(slices.DeleteFunc(slices.Clone(bills),
		func(b ledger.BillWrite) bool { return of(b) == nil })) {
		content, err := json.Marshal(of(b))
		if err != nil {
			return err
		}
		written = append(written, contentRow{
			BillID: b.After.State.ID, Generation: b.After.Generation, Content: ledger.EscapeNUL(content),
			ReadTime: b.After.ReadTime,
		})
	}
	if len(written) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
insert into `+table+` (scheme, bill_id, generation, content, read_time)
select @scheme, i.bill_id, i.generation, i.content::jsonb, i.read_time
from `+contentColumns.From+`
on conflict (scheme, bill_id, generation) do update set content = excluded.content, read_time = excluded.read_time`,
		contentColumns.Args(written, pgx.StrictNamedArgs{"scheme": scheme}))
	return err
}
