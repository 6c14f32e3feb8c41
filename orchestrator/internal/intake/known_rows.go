package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Known answers what the ledger remembers of these bills, without their snapshots. Bills it has not seen are not in the
// map. The cancellations of a bill are found by the bill (offset 0 sees to that) and not among all that are planned.
func (s *BillRows) Known(ctx context.Context, scheme string, ids []int64) (map[int64]*rule.Known, error) {
	rows, err := s.pool.Query(ctx, `
select b.bill_id as id, b.bill_no as number, b.org, b.bill_kind as kind, b.document_status, b.cancel_status,
       b.bill_create_time as create_time, b.modify_time, b.approve_time, b.cancel_time, b.cancel_is_date, b.closed,
       b.read_time,
       b.class, b.generation, b.generation_live, b.ever_live, b.generation_approve, b.generation_cancel,
       b.un_audited_since, b.un_audit_time, b.gone_time,
       coalesce(b.reread_time <= now(), false) or b.absent_since is not null as reread,
       b.bill_id in (select c.bill_id from unsettled_cancellation c
           where c.scheme = $1 and c.state = 'planned') as has_planned,
       d.doubted_since, d.asked_time, coalesce(d.questions, 0) as questions
from bill b
left join bill_doubt d on d.scheme = b.scheme and d.bill_id = b.bill_id
where b.scheme = $1 and b.bill_id = any($2)`, scheme, ids)
	if err != nil {
		return nil, fmt.Errorf("read known bills: %w", err)
	}
	type row struct {
		rule.State
		ReadTime          time.Time
		Class             string
		Generation        int
		GenerationLive    bool
		EverLive          bool
		GenerationApprove time.Time
		GenerationCancel  time.Time
		UnAuditedSince    time.Time
		UnAuditTime       time.Time
		GoneTime          time.Time
		Reread            bool
		HasPlanned        bool
		DoubtedSince      time.Time
		AskedTime         time.Time
		Questions         int
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, fmt.Errorf("read known bills: %w", err)
	}
	known := make(map[int64]*rule.Known, len(found))
	for _, r := range found {
		known[r.ID] = &rule.Known{
			State:    r.State,
			ReadTime: r.ReadTime, Class: rule.Class(r.Class), Generation: r.Generation,
			GenerationLive: r.GenerationLive, EverLive: r.EverLive,
			GenerationApprove: r.GenerationApprove, GenerationCancel: r.GenerationCancel,
			HasPlanned: r.HasPlanned, Reread: r.Reread,
			UnAuditedSince: r.UnAuditedSince, UnAuditTime: r.UnAuditTime, GoneTime: r.GoneTime,
			Away:  !r.GoneTime.IsZero(),
			Doubt: rule.Doubt{Since: r.DoubtedSince, Asked: r.AskedTime, Questions: r.Questions},
		}
	}
	return known, nil
}

// AddSnapshots puts the newest stored snapshot into each of the known bills, and what they are doubted for.
func (s *BillRows) AddSnapshots(ctx context.Context, scheme string, known map[int64]*rule.Known) error {
	if len(known) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(known))
	for id := range known {
		ids = append(ids, id)
	}
	rows, err := s.pool.Query(ctx, `
select distinct on (bill_id) bill_id, generation, content
from bill_snapshot
where scheme = $1 and bill_id = any($2)
order by bill_id, generation desc`, scheme, ids)
	if err != nil {
		return fmt.Errorf("read snapshots: %w", err)
	}
	var id int64
	var generation int
	var content []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &generation, &content}, func() error {
		snapshot := &rule.Bill{}
		if err := json.Unmarshal(content, snapshot); err != nil {
			return fmt.Errorf("snapshot of bill %d: %w", id, err)
		}
		known[id].TakeSnapshot(snapshot, generation)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read snapshots: %w", err)
	}
	return s.addDoubted(ctx, scheme, known)
}

// Unclaimed lets the next run read the bills of cancellations again whose order another bill claimed and nobody does
// any longer; at most limit of those that are due for another look.
func (s *BillRows) Unclaimed(ctx context.Context, scheme string, limit int) error {
	return ledger.Unclaimed(ctx, s.pool, scheme, limit)
}
