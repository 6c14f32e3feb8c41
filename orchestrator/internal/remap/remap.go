// Package remap maps the stored snapshots of a scheme by its newest revision, where that changes what bills claim, adds
// the claims, and names anew what is owed where the revision is a correction. Until it has ended the scheme sends
// nothing (rule 17, docs/rules.md). It maps anew also what a person retries, and what is owed of bills that no read
// shows. It asks no vendor.
package remap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// pageBills is how many snapshots are mapped in one transaction.
const pageBills = 1000

// Remapper does runs of kind remap. Any number of processes may try: one does, page by page, and whichever comes next
// goes on where it was.
type Remapper struct {
	Pool     *pgxpool.Pool
	Registry *intake.Registry
	Logger   *slog.Logger
	// Stopping is closed when the process is asked to end: the rest is left to another.
	Stopping <-chan struct{}
}

// Run maps pages of the scheme's run until that has ended, its time is up, or somebody else is at it.
func (r *Remapper) Run(ctx context.Context, args queue.RemapArgs) error {
	begun := time.Now()
	for time.Since(begun) < queue.WorkFor {
		select {
		case <-r.Stopping:
			return nil
		default:
		}
		e, _, loaded, err := r.Registry.Standing(ctx, ledger.NewSchemes(r.Pool), args.Scheme)
		if err != nil || !loaded {
			return err
		}
		more, err := r.page(ctx, e)
		if errors.Is(err, ledger.ErrConflict) {
			r.Logger.InfoContext(ctx, "remap gave way", slog.String("scheme", args.Scheme), slog.Any("err", err))
			return nil
		}
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// page maps one page, and says whether there is more to do here.
func (r *Remapper) page(ctx context.Context, e intake.Entry) (more bool, err error) {
	err = ledger.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		more = false
		var id int64
		err := tx.QueryRow(ctx, `
select r.run_id from run r join scheme s on s.remap_run_id = r.run_id
where s.scheme = $1 and s.active and s.revision = $2 and r.revision = $2
for update of r skip locked`, e.Name, e.Revision).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		run, err := ledger.ReadRun(ctx, tx, id)
		if err != nil {
			return err
		}
		from := run.Cursor
		writes, err := mapped(ctx, tx, e, &run)
		if err != nil {
			return err
		}
		if err := ledger.WriteClaims(ctx, tx, e.Name, e.Revision, writes.bills); err != nil {
			return err
		}
		until := run.Cursor
		if more = writes.read == pageBills; !more {
			until = math.MaxInt64
		}
		if err := correct(ctx, tx, e, from, until); err != nil {
			return err
		}
		if !more {
			run.State = ledger.RunComplete
			if _, err := tx.Exec(ctx, `
update scheme set remap_run_id = null, update_time = now() where scheme = $1 and remap_run_id = $2`,
				e.Name, run.ID); err != nil {
				return err
			}
		}
		return ledger.SaveRun(ctx, tx, &run)
	})
	if err != nil {
		return false, fmt.Errorf("remap %s: %w", e.Name, err)
	}
	return more, nil
}

// written is what a page of snapshots maps to.
type written struct {
	bills []ledger.BillWrite
	read  int
}

// mapped reads the next page of bills that may claim something, and maps each one's last snapshot. One that the
// revision cannot map keeps the claims that it has, and is counted.
func mapped(ctx context.Context, tx pgx.Tx, e intake.Entry, run *ledger.Run) (w written, err error) {
	rows, err := tx.Query(ctx, `
select b.bill_id, i.generation, i.content
from bill b cross join lateral (
    select i.generation, i.content from bill_snapshot i where i.scheme = b.scheme and i.bill_id = b.bill_id
    order by i.generation desc limit 1
) i
where b.scheme = $1 and b.bill_id > $2 and b.gone_time is null and b.cancel_status <> 'B'
order by b.bill_id
limit $3
for share of b`, e.Name, run.Cursor, pageBills)
	if err != nil {
		return w, err
	}
	policy := e.Policy(time.Time{}, nil)
	var id int64
	var generation int
	var content []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &generation, &content}, func() error {
		w.read++
		run.Cursor = id
		run.RunCounts.Rows, run.RunCounts.RowsOfBills = run.RunCounts.Rows+1, run.RunCounts.RowsOfBills+1
		run.RunCounts.Bills++
		var bill rule.Bill
		if err := json.Unmarshal(content, &bill); err != nil {
			return fmt.Errorf("snapshot of bill %d: %w", id, err)
		}
		claims, fault := intake.ClaimsOf(e, policy, bill)
		if fault != nil {
			run.RunCounts.Undecodable++
			run.Note = fmt.Sprintf("bill %s: %v", bill.Number, fault)
			return nil
		}
		run.RunCounts.Unchanged++
		write := ledger.BillWrite{Claims: claims}
		write.After.State = rule.State{ID: id, DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided}
		write.After.Generation = generation
		w.bills = append(w.bills, write)
		return nil
	})
	return w, err
}
