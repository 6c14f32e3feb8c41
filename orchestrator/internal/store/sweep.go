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

// quietKept is how long the record of a watch is kept that found nothing: on sandboxes there is one every few seconds. sweepStuck is how
// long one may take before the next begins anew.
const (
	quietKept  = "7 days"
	sweepStuck = "1 day"
)

// Sweep answers the scheme's sweep or watch to go on with: the one that did not end, or a new one when that is due or was asked for; nil
// when neither. One that took long leaves Kingdee alone for four times as long, an interval at most: it may have taken long because a process
// died. One that was begun under another revision, or got nowhere in a day, fails, and a new one begins.
func (s *Store) Sweep(ctx context.Context, start ledger.SweepStart) (*ledger.Sweep, error) {
	var sweep *ledger.Sweep
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
update sweep set state = 'failed', end_time = now(), error = 'the scheme changed meanwhile, or it got nowhere; a new one begins'
where scheme = $1 and kind = $3 and state = 'running' and (revision <> $2 or start_time < now() - interval '`+sweepStuck+`')`, start.Scheme, start.Revision, string(start.Kind)); err != nil {
			return err
		}
		var err error
		if sweep, err = runningSweep(ctx, tx, start.Scheme, start.Kind); err != nil || sweep != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
insert into sweep (scheme, kind, revision, phase, from_time, to_time, hours, asked)
select @scheme, @kind, @revision, @phase, @from, @to, @hours, @asked
where @asked or not exists (
    select from sweep
    where scheme = @scheme and kind = @kind and start_time > now() - interval '1 day' - @interval::interval
      and greatest(start_time + @interval::interval, end_time + least(4 * (end_time - start_time), @interval::interval)) > now())
on conflict do nothing`, pgx.StrictNamedArgs{
			"scheme": start.Scheme, "kind": string(start.Kind), "revision": start.Revision, "phase": string(start.Phase()), "from": nullable(start.From),
			"to": nullable(start.To), "hours": start.Hours(), "asked": start.Asked, "interval": start.Interval,
		})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `
delete from sweep
where scheme = $1 and kind = 'watch' and start_time < now() - interval '`+quietKept+`' and bills_repaired + bills_missing + work_items = 0
  and note = '' and state <> 'running'`, start.Scheme); err != nil {
			return err
		}
		sweep, err = runningSweep(ctx, tx, start.Scheme, start.Kind)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin sweep: %w", err)
	}
	return sweep, nil
}

func runningSweep(ctx context.Context, tx pgx.Tx, scheme string, kind ledger.SweepKind) (*ledger.Sweep, error) {
	rows, err := tx.Query(ctx, `
select sweep_id, revision, version, phase, from_time, to_time, cursor_id, hours, hours_differing, bills_read, bills_reread, bills_repaired,
       bills_missing, bills_gone, work_items, run_counts, problem_ids, gone_ids, suspect_orgs, note
from sweep where scheme = $1 and kind = $2 and state = 'running'`, scheme, string(kind))
	if err != nil {
		return nil, err
	}
	type row struct {
		SweepID                                                                   int64
		Revision                                                                  int
		Version                                                                   int64
		Phase                                                                     string
		FromTime, ToTime                                                          *time.Time
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
	sweep := &ledger.Sweep{
		ID: r.SweepID, Scheme: scheme, Kind: kind, Revision: r.Revision, Version: r.Version, Phase: ledger.SweepPhase(r.Phase), From: valued(r.FromTime), To: valued(r.ToTime),
		Cursor: r.CursorID, Hours: r.Hours, Differing: r.HoursDiffering, Read: r.BillsRead, Reread: r.BillsReread, Repaired: r.BillsRepaired,
		Missing: r.BillsMissing, Gone: r.BillsGone, Work: r.WorkItems, Problems: r.ProblemIds, GoneIDs: r.GoneIds, SuspectOrgs: r.SuspectOrgs, Note: r.Note,
	}
	return sweep, json.Unmarshal(r.RunCounts, &sweep.RunCounts)
}

// SaveSweep stores where the sweep stands, by compare-and-set on its version, which it moves.
func (s *Store) SaveSweep(ctx context.Context, tx pgx.Tx, w *ledger.Sweep) error {
	runCounts, err := json.Marshal(w.RunCounts)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update sweep set version = version + 1, phase = @phase, cursor_id = @cursor, hours_differing = @differing, bills_read = @read, bills_reread = @reread,
    bills_repaired = @repaired, bills_missing = @missing, bills_gone = @gone, work_items = @work, run_counts = @run_counts, problem_ids = @problems,
    gone_ids = @gone_ids, suspect_orgs = @orgs, note = @note, error = ''
where sweep_id = @id and state = 'running' and version = @version`, pgx.StrictNamedArgs{
		"id": w.ID, "version": w.Version, "phase": string(w.Phase), "cursor": w.Cursor, "differing": w.Differing, "read": w.Read, "reread": w.Reread,
		"repaired": w.Repaired, "missing": w.Missing, "gone": w.Gone, "work": w.Work, "run_counts": string(runCounts), "problems": orEmpty(w.Problems),
		"gone_ids": orEmpty(w.GoneIDs), "orgs": orEmpty(w.SuspectOrgs), "note": clean(w.Note),
	})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("sweep %d was moved on by somebody else: %w", w.ID, ledger.ErrConflict)
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

// EndSweep ends the sweep: hours that agreed are forgotten, and organisations whose bills are missing while nothing of theirs can be
// read are a person's matter, until that is over.
func (s *Store) EndSweep(ctx context.Context, w *ledger.Sweep) error {
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		after := *w
		after.Phase = ledger.SweepDone
		if err := s.SaveSweep(ctx, tx, &after); err != nil {
			return err
		}
		if w.Kind == ledger.KindSweep {
			if err := suspectOrgs(ctx, tx, w.Scheme, w.SuspectOrgs); err != nil {
				return err
			}
			if err := closeHolds(ctx, tx, w.Scheme, "nothing of it is held any longer"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `
delete from sweep_hour where sweep_id = $1 and kingdee_bills = ledger_bills and kingdee_digest = ledger_digest`, w.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update sweep set state = 'complete', end_time = now() where sweep_id = $1`, w.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("end sweep: %w", err)
	}
	return nil
}

// FailSweep ends a sweep that cannot be right.
func (s *Store) FailSweep(ctx context.Context, w *ledger.Sweep, reason string) error {
	if _, err := s.pool.Exec(ctx, `
update sweep set state = 'failed', end_time = now(), error = $2 where sweep_id = $1 and state = 'running'`, w.ID, clean(reason)); err != nil {
		return fmt.Errorf("fail sweep: %w", err)
	}
	return nil
}

// NoteSweepError keeps why the sweep did not get on. It stays unfinished and is gone on with.
func (s *Store) NoteSweepError(ctx context.Context, w *ledger.Sweep, reason string) error {
	if _, err := s.pool.Exec(ctx, `update sweep set error = $2 where sweep_id = $1 and state = 'running'`, w.ID, clean(reason)); err != nil {
		return fmt.Errorf("note sweep error: %w", err)
	}
	return nil
}
