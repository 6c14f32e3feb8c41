package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// TryLockRun takes the lock that keeps two chunks of one scheme's run apart; ok is false when somebody else holds it.
func (s *Store) TryLockRun(ctx context.Context, scheme string) (unlock func(), ok bool, err error) {
	return ledger.LockOf(ctx, s.pool, runLock(scheme))
}

func runLock(scheme string) string { return "run " + scheme }

// UnfinishedRun answers the scheme's run that did not end; nil when there is none. Its Failed and SendSince are of the scheme as it stands, not of
// the run: whoever goes on with it sets them.
func (s *Store) UnfinishedRun(ctx context.Context, scheme string) (*ledger.Run, error) {
	rows, err := s.pool.Query(ctx, `
select run_id, kind, revision, watermark_version, lower_edge, vendor_time, service_time, clock_note, clock_suspect, watermark_before, cursor_id, run_counts
from run where scheme = $1 and state = 'running'`, scheme)
	if err != nil {
		return nil, fmt.Errorf("read unfinished run: %w", err)
	}
	type row struct {
		RunID            int64
		Kind             string
		Revision         int
		WatermarkVersion int64
		LowerEdge        time.Time
		VendorTime       time.Time
		ServiceTime      time.Time
		ClockNote        string
		ClockSuspect     bool
		WatermarkBefore  time.Time
		CursorID         int64
		RunCounts        []byte
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read unfinished run: %w", err)
	}
	run := &ledger.Run{
		ID: r.RunID, Scheme: scheme, Kind: ledger.RunKind(r.Kind), Revision: r.Revision, WatermarkVersion: r.WatermarkVersion, LowerEdge: r.LowerEdge,
		Clock:        rule.Clock{Vendor: r.VendorTime, Service: r.ServiceTime, Note: r.ClockNote},
		ClockSuspect: r.ClockSuspect, WatermarkBefore: r.WatermarkBefore, Cursor: r.CursorID,
	}
	if err := json.Unmarshal(r.RunCounts, &run.RunCounts); err != nil {
		return nil, fmt.Errorf("read unfinished run: run_counts: %w", err)
	}
	return run, nil
}

// CommitPage stores one page that is not the last. also runs in the same transaction (to insert a successor job).
func (s *Store) CommitPage(ctx context.Context, run *ledger.Run, page ledger.Page, also func(pgx.Tx) error) error {
	return s.commit(ctx, run, page, func(tx pgx.Tx, _ *ledger.Run) error {
		return also(tx)
	})
}

// commit runs one page and what follows it in a transaction and, when that is through, brings run up to date.
func (s *Store) commit(ctx context.Context, run *ledger.Run, page ledger.Page, then func(pgx.Tx, *ledger.Run) error) error {
	var after ledger.Run
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		after = *run
		written := page
		if err := stillNewest(ctx, tx, after.Scheme, after.Revision, after.SendSince); err != nil {
			return err
		}
		if after.ID == 0 {
			if err := insertRun(ctx, tx, &after); err != nil {
				return err
			}
		}
		if err := writePage(ctx, tx, &after, &written); err != nil {
			return err
		}
		before := after.Cursor
		after.Cursor = max(page.Cursor, before)
		after.RunCounts.Add(written.RunCounts)
		if err := moveRun(ctx, tx, &after, before); err != nil {
			return err
		}
		return then(tx, &after)
	})
	if err != nil {
		return fmt.Errorf("commit page: %w", err)
	}
	*run = after
	return nil
}

func insertRun(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	err := tx.QueryRow(ctx, `
insert into run (scheme, kind, revision, watermark_version, lower_edge, vendor_time, service_time, clock_note, watermark_before, cursor_id)
values (@scheme, @kind, @revision, @version, @edge, @vendor, @service, @note, @before, @cursor)
returning run_id`,
		pgx.StrictNamedArgs{
			"scheme": run.Scheme, "kind": string(run.Kind), "revision": run.Revision, "version": run.WatermarkVersion, "edge": run.LowerEdge,
			"vendor": ledger.NullTime(run.Clock.Vendor), "service": run.Clock.Service, "note": ledger.CleanText(run.Clock.Note), "before": ledger.NullTime(run.WatermarkBefore),
			"cursor": run.Cursor,
		}).Scan(&run.ID)
	if ledger.Violates(err, "run_one_unfinished") {
		return fmt.Errorf("another run of scheme %s is under way: %w", run.Scheme, ledger.ErrConflict)
	}
	return err
}

// moveRun moves the run's cursor by compare-and-set.
func moveRun(ctx context.Context, tx pgx.Tx, run *ledger.Run, from int64) error {
	runCounts, err := json.Marshal(run.RunCounts)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update run set cursor_id = @to, run_counts = @run_counts, clock_suspect = @suspect, clock_note = @note
where run_id = @run and state = 'running' and cursor_id = @from`,
		pgx.StrictNamedArgs{"run": run.ID, "from": from, "to": run.Cursor, "run_counts": string(runCounts), "suspect": run.ClockSuspect, "note": ledger.CleanText(run.Clock.Note)})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("run %d was moved on by somebody else: %w", run.ID, ledger.ErrConflict)
	}
	return nil
}

// FailRun ends a run that cannot be right. What it planned stays planned and is taken up by the next.
func (s *Store) FailRun(ctx context.Context, run *ledger.Run, reason string) error {
	if run.ID == 0 {
		return nil
	}
	if _, err := s.pool.Exec(ctx, `
update run set state = 'failed', end_time = now(), error = $2 where run_id = $1 and state = 'running'`, run.ID, ledger.CleanText(reason)); err != nil {
		return fmt.Errorf("fail run: %w", err)
	}
	return nil
}

// NoteRunFailure records why a run did not end and when to try again. The pass itself stays unfinished and is resumed.
func (s *Store) NoteRunFailure(ctx context.Context, scheme, reason string, wait time.Duration) error {
	if _, err := s.pool.Exec(ctx, `
insert into run_failure (scheme, error, failures, not_before) values ($1, $2, 1, now() + $3)
on conflict (scheme) do update set error = $2, failures = run_failure.failures + 1, last_time = now(), not_before = now() + $3`,
		scheme, ledger.CleanText(reason), wait); err != nil {
		return fmt.Errorf("note run failure: %w", err)
	}
	return nil
}
