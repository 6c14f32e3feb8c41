package syncrun

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// TryLockRun takes the lock that keeps two chunks of one scheme's baseline or incremental run apart; ok is false when
// somebody else holds it.
func (s *ReadingRows) TryLockRun(ctx context.Context, scheme string) (unlock func(), ok bool, err error) {
	return ledger.LockOf(ctx, s.pool, ledger.RunLock(scheme))
}

// UnfinishedRun answers the scheme's baseline or incremental run that did not end; nil when there is none.
func (s *ReadingRows) UnfinishedRun(ctx context.Context, scheme string) (*ledger.Run, error) {
	return ledger.UnfinishedRun(ctx, s.pool, scheme, ledger.Baseline, ledger.Incremental)
}

// CommitPage stores one page of a baseline or an incremental run that is not the last. also runs in the same
// transaction (to insert a successor job).
func (s *ReadingRows) CommitPage(
	ctx context.Context, run *ledger.Run, page ledger.Page, also func(pgx.Tx) error,
) error {
	return s.commit(ctx, run, page, func(tx pgx.Tx, _ *ledger.Run) error {
		return also(tx)
	})
}

// commit runs one page and what follows it in a transaction and, when that is through, brings run up to date. then may
// end the run, which is saved after it.
func (s *ReadingRows) commit(
	ctx context.Context, run *ledger.Run, page ledger.Page, then func(pgx.Tx, *ledger.Run) error,
) error {
	var after ledger.Run
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = *run
		written := page
		if err := intake.StillNewest(ctx, tx, after.Scheme, after.Revision, after.Reading.SendSince); err != nil {
			return err
		}
		if after.ID == 0 {
			if err := insertReading(ctx, tx, &after); err != nil {
				return err
			}
		}
		if err := intake.WritePage(ctx, tx, &after, &written); err != nil {
			return err
		}
		if err := stillLate(ctx, tx, after.Scheme, page.Late); err != nil {
			return err
		}
		after.Cursor = max(page.Cursor, after.Cursor)
		after.RunCounts.Add(written.RunCounts)
		if err := then(tx, &after); err != nil {
			return err
		}
		return saveReading(ctx, tx, &after)
	})
	if err != nil {
		return fmt.Errorf("commit page: %w", err)
	}
	*run = after
	return nil
}

// stillLate notes that clock_behind lasts: only because it does were these bills seen.
func stillLate(ctx context.Context, tx pgx.Tx, scheme string, late []ledger.Late) error {
	moved := slices.ContainsFunc(late, func(l ledger.Late) bool { return l.Known })
	if !moved {
		return nil
	}
	var lasts ledger.Condition
	err := tx.QueryRow(ctx, `
select o.kind, o.data_center_id, o.detail from condition o join scheme s using (data_center_id)
where s.scheme = $1 and o.kind = $2 and o.end_time is null`, scheme, rule.ConditionClockBehind).Scan(
		&lasts.Kind, &lasts.DataCenterID, &lasts.Detail)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = ledger.OpenCondition(ctx, tx, lasts)
	return err
}

func insertReading(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	if err := ledger.InsertRun(ctx, tx, run); err != nil {
		return err
	}
	d := run.Reading
	_, err := tx.Exec(ctx, `
insert into run_reading (run_id, watermark_version, lower_edge, vendor_time, service_time, watermark_before)
values (@run, @version, @edge, @vendor, @service, @before)`, pgx.StrictNamedArgs{
		"run": run.ID, "version": d.WatermarkVersion, "edge": d.LowerEdge, "vendor": ledger.NullTime(d.VendorTime),
		"service": d.ServiceTime, "before": ledger.NullTime(d.WatermarkBefore),
	})
	return err
}

// saveReading saves the run with what changes of its detail.
func saveReading(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	if err := ledger.SaveRun(ctx, tx, run); err != nil {
		return err
	}
	if !run.Reading.ClockAhead && run.Reading.WatermarkAfter.IsZero() {
		return nil
	}
	_, err := tx.Exec(ctx, `update run_reading set clock_ahead = $2, watermark_after = $3 where run_id = $1`,
		run.ID, run.Reading.ClockAhead, ledger.NullTime(run.Reading.WatermarkAfter))
	return err
}

// NoteRunFailure records why the scheme's incremental run or baseline did not end and when to try again. A run that has
// a row stays unfinished and is resumed.
func (s *ReadingRows) NoteRunFailure(ctx context.Context, scheme, reason string, wait time.Duration) error {
	if _, err := s.pool.Exec(ctx, `
insert into run_failure (scheme, error, failures, not_before) values ($1, $2, 1, now() + $3)
on conflict (scheme) do update
set error = $2, failures = run_failure.failures + 1, last_time = now(), not_before = now() + $3`,
		scheme, ledger.CleanText(reason), wait); err != nil {
		return fmt.Errorf("note run failure: %w", err)
	}
	return nil
}
