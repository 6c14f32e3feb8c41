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
)

// upsertBills writes the bills of a page in one statement: a backfill of a million has no time for one each.
func upsertBills(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) error {
	bills = once(bills)
	if len(bills) == 0 {
		return nil
	}
	var c billColumns
	for _, b := range bills {
		c.add(b)
	}
	rows, err := tx.Query(ctx, `
insert into bill (scheme, bill_id, bill_no, org, affair_type, document_status, cancel_status, bill_create_time,
    modify_time, approve_time, cancel_time, cancel_is_date, read_time, class, class_reason, generation, generation_live,
    ever_live, generation_approve, generation_cancel, un_audited_since, un_audit_time, gone_time, reread_time)
select @scheme, b.id, b.number, b.org, b.affair, b.document, b.cancel, b.created, b.modified, b.approved, b.cancelled,
    b.is_date, b.read_time, b.class, b.reason, b.generation, b.generation_live, b.ever_live, b.generation_approve,
    b.generation_cancel, b.un_audited_since, b.un_audit_time, b.gone,
    case when b.class = 'undecodable' then now() + interval '`+rereadPause+`' end
from unnest(@ids::bigint[], @numbers::text[], @orgs::text[], @affairs::text[], @documents::text[], @cancels::text[],
    @created::timestamptz[], @modified::timestamptz[], @approved::timestamptz[], @cancelled::timestamptz[],
    @is_date::boolean[], @read::timestamptz[], @classes::text[], @reasons::text[], @generations::integer[],
    @generation_live::boolean[], @ever_live::boolean[], @generation_approve::timestamptz[],
    @generation_cancel::timestamptz[], @un_audited_since::timestamptz[], @un_audit_time::timestamptz[],
    @gone::timestamptz[])
  as b (id, number, org, affair, document, cancel, created, modified, approved, cancelled, is_date, read_time, class,
    reason, generation, generation_live, ever_live, generation_approve, generation_cancel, un_audited_since,
    un_audit_time, gone)
on conflict (scheme, bill_id) do update set bill_no = excluded.bill_no, org = excluded.org,
    affair_type = excluded.affair_type, document_status = excluded.document_status,
    cancel_status = excluded.cancel_status, bill_create_time = excluded.bill_create_time,
    modify_time = excluded.modify_time, approve_time = excluded.approve_time, cancel_time = excluded.cancel_time,
    cancel_is_date = excluded.cancel_is_date, read_time = excluded.read_time, class = excluded.class,
    class_reason = excluded.class_reason, generation = excluded.generation, generation_live = excluded.generation_live,
    ever_live = excluded.ever_live, generation_approve = excluded.generation_approve,
    generation_cancel = excluded.generation_cancel, un_audited_since = excluded.un_audited_since,
    un_audit_time = excluded.un_audit_time, gone_time = excluded.gone_time,
    absent_since = case when excluded.gone_time is null then null else bill.absent_since end,
    reread_time = excluded.reread_time, update_time = now()
where bill.read_time <= excluded.read_time
returning bill_id, xmax = 0`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "ids": c.ids, "numbers": c.numbers, "orgs": c.orgs,
			"affairs": c.affairs, "documents": c.documents,
			"cancels": c.cancels, "created": c.created, "modified": c.modified,
			"approved": c.approved, "cancelled": c.cancelled,
			"is_date": c.isDate, "read": c.read, "classes": c.classes, "reasons": c.reasons,
			"generations": c.generations, "generation_live": c.generationLive,
			"ever_live": c.everLive, "generation_approve": c.generationApprove, "generation_cancel": c.generationCancel,
			"un_audited_since": c.unAuditedSince, "un_audit_time": c.unAuditTime, "gone": c.gone,
		})
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
	written := 0
	var id int64
	var inserted bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &inserted}, func() error {
		if inserted || !unseen[id] {
			written++
		}
		return nil
	}); err != nil {
		return err
	}
	if written != len(bills) {
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

// billColumns are bills turned on their side, as unnest wants them.
type billColumns struct {
	ids                                                                         []int64
	generations                                                                 []int
	numbers, orgs, affairs, documents, cancels, classes, reasons                []string
	isDate, generationLive, everLive                                            []bool
	read                                                                        []time.Time
	created, modified, approved, cancelled, generationApprove, generationCancel []*time.Time
	unAuditedSince, unAuditTime, gone                                           []*time.Time
}

func (c *billColumns) add(b ledger.BillWrite) {
	k, s := b.After, b.After.State
	c.ids, c.numbers, c.orgs = append(c.ids, s.ID), append(c.numbers, ledger.CleanText(s.Number)), append(c.orgs,
		ledger.CleanText(s.Org))
	c.affairs, c.documents, c.cancels = append(c.affairs,
		s.Affair), append(c.documents, s.DocumentStatus), append(c.cancels, s.CancelStatus)
	c.created, c.modified = append(c.created, ledger.NullTime(s.CreateTime)), append(c.modified,
		ledger.NullTime(s.ModifyTime))
	c.approved, c.cancelled = append(c.approved, ledger.NullTime(s.ApproveTime)), append(c.cancelled,
		ledger.NullTime(s.CancelTime))
	c.isDate, c.read = append(c.isDate, s.CancelIsDate), append(c.read, k.ReadTime)
	c.classes, c.reasons, c.generations = append(c.classes,
		string(k.Class)), append(c.reasons, ledger.CleanText(b.Reason)), append(c.generations, k.Generation)
	c.generationLive, c.everLive = append(c.generationLive, k.GenerationLive), append(c.everLive, k.EverLive)
	c.generationApprove, c.generationCancel = append(c.generationApprove,
		ledger.NullTime(k.GenerationApprove)), append(c.generationCancel, ledger.NullTime(k.GenerationCancel))
	c.unAuditedSince, c.unAuditTime = append(c.unAuditedSince, ledger.NullTime(k.UnAuditedSince)), append(c.unAuditTime,
		ledger.NullTime(k.UnAuditTime))
	c.gone = append(c.gone, ledger.NullTime(k.GoneTime))
}

// upsertSnapshots stores the snapshots that bills of a page were last seen live with.
func upsertSnapshots(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) error {
	var ids []int64
	var generations []int
	var contents []string
	var read []time.Time
	for _, b := range once(slices.DeleteFunc(slices.Clone(bills),
		func(b ledger.BillWrite) bool { return b.Snapshot == nil })) {
		content, err := json.Marshal(b.Snapshot)
		if err != nil {
			return err
		}
		ids, generations = append(ids, b.Snapshot.ID), append(generations, b.After.Generation)
		contents, read = append(contents, ledger.CleanText(ledger.EscapeNUL(content))), append(read, b.After.ReadTime)
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
insert into bill_snapshot (scheme, bill_id, generation, content, read_time)
select $1, i.id, i.generation, i.content::jsonb, i.read_time
from unnest($2::bigint[], $3::integer[], $4::text[], $5::timestamptz[]) as i (id, generation, content, read_time)
on conflict (scheme, bill_id, generation) do update set content = excluded.content, read_time = excluded.read_time`,
		scheme, ids, generations, contents, read)
	return err
}
