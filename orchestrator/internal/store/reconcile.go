package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// quietKept is how long the record of a recheck is kept that found nothing: on sandboxes there is one every few seconds. reconcileStuck is how
// long one may take before the next begins anew.
const (
	quietKept      = "7 days"
	reconcileStuck = "1 day"
)

// Reconcile answers the scheme's reconcile run or recheck to go on with: the one that did not end, or a new one when that is due or was asked for; nil
// when neither. One that took long leaves Kingdee alone for four times as long, an interval at most: it may have taken long because a process
// died. One that was begun under another revision, or got nowhere in a day, fails, and a new one begins.
func (s *Store) Reconcile(ctx context.Context, start ledger.ReconcileStart) (*ledger.Reconcile, error) {
	var reconcile *ledger.Reconcile
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
update reconcile set state = 'failed', end_time = now(), error = 'the scheme changed meanwhile, or it got nowhere; a new one begins'
where scheme = $1 and kind = $3 and state = 'running' and (revision <> $2 or start_time < now() - interval '`+reconcileStuck+`')`, start.Scheme, start.Revision, string(start.Kind)); err != nil {
			return err
		}
		var err error
		if reconcile, err = runningReconcile(ctx, tx, start.Scheme, start.Kind); err != nil || reconcile != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
insert into reconcile (scheme, kind, revision, phase, from_time, to_time, hours, asked)
select @scheme, @kind, @revision, @phase, @from, @to, @hours, @asked
where @asked or not exists (
    select from reconcile
    where scheme = @scheme and kind = @kind and start_time > now() - interval '1 day' - @interval::interval
      and greatest(start_time + @interval::interval, end_time + least(4 * (end_time - start_time), @interval::interval)) > now())
on conflict do nothing`, pgx.StrictNamedArgs{
			"scheme": start.Scheme, "kind": string(start.Kind), "revision": start.Revision, "phase": string(start.Phase()), "from": ledger.NullTime(start.From),
			"to": ledger.NullTime(start.To), "hours": start.Hours(), "asked": start.Asked, "interval": start.Interval,
		})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `
delete from reconcile
where scheme = $1 and kind = 'recheck' and start_time < now() - interval '`+quietKept+`' and bills_repaired + bills_missing + work_items = 0
  and note = '' and state <> 'running'`, start.Scheme); err != nil {
			return err
		}
		reconcile, err = runningReconcile(ctx, tx, start.Scheme, start.Kind)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin reconcile: %w", err)
	}
	return reconcile, nil
}

func runningReconcile(ctx context.Context, tx pgx.Tx, scheme string, kind ledger.ReconcileKind) (*ledger.Reconcile, error) {
	rows, err := tx.Query(ctx, `
select reconcile_id, revision, version, phase, from_time, to_time, cursor_id, hours, hours_differing, bills_read, bills_reread, bills_repaired,
       bills_missing, bills_gone, work_items, run_counts, problem_ids, gone_ids, suspect_orgs, note
from reconcile where scheme = $1 and kind = $2 and state = 'running'`, scheme, string(kind))
	if err != nil {
		return nil, err
	}
	type row struct {
		ReconcileID                                                               int64
		Revision                                                                  int
		Version                                                                   int64
		Phase                                                                     string
		FromTime, ToTime                                                          time.Time
		CursorID                                                                  int64
		Hours, HoursDiffering                                                     int
		BillsRead, BillsReread, BillsRepaired, BillsMissing, BillsGone, WorkItems int64
		RunCounts                                                                 []byte
		ProblemIds, GoneIds                                                       []int64
		SuspectOrgs                                                               []string
		Note                                                                      string
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reconcile := &ledger.Reconcile{
		ID: r.ReconcileID, Scheme: scheme, Kind: kind, Revision: r.Revision, Version: r.Version, Phase: ledger.ReconcilePhase(r.Phase), From: r.FromTime, To: r.ToTime,
		Cursor: r.CursorID, Hours: r.Hours, Differing: r.HoursDiffering, Read: r.BillsRead, Reread: r.BillsReread, Repaired: r.BillsRepaired,
		Missing: r.BillsMissing, Gone: r.BillsGone, Work: r.WorkItems, Problems: r.ProblemIds, GoneIDs: r.GoneIds, SuspectOrgs: r.SuspectOrgs, Note: r.Note,
	}
	return reconcile, json.Unmarshal(r.RunCounts, &reconcile.RunCounts)
}

// SaveReconcile stores where the reconcile run stands, by compare-and-set on its version, which it moves.
func (s *Store) SaveReconcile(ctx context.Context, tx pgx.Tx, w *ledger.Reconcile) error {
	runCounts, err := json.Marshal(w.RunCounts)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update reconcile set version = version + 1, phase = @phase, cursor_id = @cursor, hours_differing = @differing, bills_read = @read, bills_reread = @reread,
    bills_repaired = @repaired, bills_missing = @missing, bills_gone = @gone, work_items = @work, run_counts = @run_counts, problem_ids = @problems,
    gone_ids = @gone_ids, suspect_orgs = @orgs, note = @note, error = ''
where reconcile_id = @id and state = 'running' and version = @version`, pgx.StrictNamedArgs{
		"id": w.ID, "version": w.Version, "phase": string(w.Phase), "cursor": w.Cursor, "differing": w.Differing, "read": w.Read, "reread": w.Reread,
		"repaired": w.Repaired, "missing": w.Missing, "gone": w.Gone, "work": w.Work, "run_counts": string(runCounts), "problems": orEmpty(w.Problems),
		"gone_ids": orEmpty(w.GoneIDs), "orgs": orEmpty(w.SuspectOrgs), "note": ledger.CleanText(w.Note),
	})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("reconcile run %d was moved on by somebody else: %w", w.ID, ledger.ErrConflict)
	}
	w.Version++
	return nil
}

// orEmpty keeps a nil batch from becoming SQL's null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// EndReconcile ends the reconcile run: hours that agreed are forgotten, and organisations whose bills are missing while nothing of theirs can be
// read are a person's matter, until that is over.
func (s *Store) EndReconcile(ctx context.Context, w *ledger.Reconcile) error {
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		after := *w
		after.Phase = ledger.ReconcileDone
		if err := s.SaveReconcile(ctx, tx, &after); err != nil {
			return err
		}
		if w.Kind == ledger.KindReconcile {
			if err := suspectOrgs(ctx, tx, w.Scheme, w.SuspectOrgs); err != nil {
				return err
			}
			if err := closeHolds(ctx, tx, w.Scheme, "nothing of it is held any longer"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `
delete from reconcile_hour where reconcile_id = $1 and kingdee_bills = ledger_bills and kingdee_digest = ledger_digest`, w.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update reconcile set state = 'complete', end_time = now() where reconcile_id = $1`, w.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("end reconcile: %w", err)
	}
	return nil
}

// FailReconcile ends a reconcile run that cannot be right.
func (s *Store) FailReconcile(ctx context.Context, w *ledger.Reconcile, reason string) error {
	if _, err := s.pool.Exec(ctx, `
update reconcile set state = 'failed', end_time = now(), error = $2 where reconcile_id = $1 and state = 'running'`, w.ID, ledger.CleanText(reason)); err != nil {
		return fmt.Errorf("fail reconcile: %w", err)
	}
	return nil
}

// NoteReconcileError keeps why the reconcile run did not get on. It stays unfinished and is gone on with.
func (s *Store) NoteReconcileError(ctx context.Context, w *ledger.Reconcile, reason string) error {
	if _, err := s.pool.Exec(ctx, `update reconcile set error = $2 where reconcile_id = $1 and state = 'running'`, w.ID, ledger.CleanText(reason)); err != nil {
		return fmt.Errorf("note reconcile run error: %w", err)
	}
	return nil
}
