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

// TryLockPass takes the lock that keeps two chunks of one scheme's pass apart; ok is false when somebody else holds it.
func (s *Store) TryLockPass(ctx context.Context, scheme string) (unlock func(), ok bool, err error) {
	return s.tryLock(ctx, passLock(scheme), lockLasts, lockWord)
}

func passLock(scheme string) string { return "pass " + scheme }

// UnfinishedPass answers the scheme's pass that did not end; nil when there is none. Its Failed and SendSince are of the scheme as it stands, not of
// the pass: whoever goes on with it sets them.
func (s *Store) UnfinishedPass(ctx context.Context, scheme string) (*ledger.Pass, error) {
	rows, err := s.pool.Query(ctx, `
select pass_id, kind, revision, watermark_version, lower_edge, vendor_time, service_time, clock_note, clock_suspect, watermark_before, cursor_id, run_counts
from pass where scheme = $1 and state = 'running'`, scheme)
	if err != nil {
		return nil, fmt.Errorf("read unfinished pass: %w", err)
	}
	type row struct {
		PassID           int64
		Kind             string
		Revision         int
		WatermarkVersion int64
		LowerEdge        time.Time
		VendorTime       *time.Time
		ServiceTime      time.Time
		ClockNote        string
		ClockSuspect     bool
		WatermarkBefore  *time.Time
		CursorID         int64
		RunCounts        []byte
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read unfinished pass: %w", err)
	}
	pass := &ledger.Pass{
		ID: r.PassID, Scheme: scheme, Kind: ledger.PassKind(r.Kind), Revision: r.Revision, WatermarkVersion: r.WatermarkVersion, LowerEdge: r.LowerEdge,
		Clock:        rule.Clock{Vendor: valued(r.VendorTime), Service: r.ServiceTime, Note: r.ClockNote},
		ClockSuspect: r.ClockSuspect, WatermarkBefore: valued(r.WatermarkBefore), Cursor: r.CursorID,
	}
	if err := json.Unmarshal(r.RunCounts, &pass.RunCounts); err != nil {
		return nil, fmt.Errorf("read unfinished pass: run_counts: %w", err)
	}
	return pass, nil
}

// CommitPage stores one page that is not the last. also runs in the same transaction (to insert a successor job).
func (s *Store) CommitPage(ctx context.Context, pass *ledger.Pass, page ledger.Page, also func(pgx.Tx) error) error {
	return s.commit(ctx, pass, page, func(tx pgx.Tx, _ *ledger.Pass) error {
		return also(tx)
	})
}

// commit runs one page and what follows it in a transaction and, when that is through, brings pass up to date.
func (s *Store) commit(ctx context.Context, pass *ledger.Pass, page ledger.Page, then func(pgx.Tx, *ledger.Pass) error) error {
	var after ledger.Pass
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		after = *pass
		written := page
		if err := stillNewest(ctx, tx, after.Scheme, after.Revision, after.SendSince); err != nil {
			return err
		}
		if after.ID == 0 {
			if err := insertPass(ctx, tx, &after); err != nil {
				return err
			}
		}
		if err := writePage(ctx, tx, &after, &written); err != nil {
			return err
		}
		before := after.Cursor
		after.Cursor = max(page.Cursor, before)
		after.RunCounts.Add(written.RunCounts)
		if err := movePass(ctx, tx, &after, before); err != nil {
			return err
		}
		return then(tx, &after)
	})
	if err != nil {
		return fmt.Errorf("commit page: %w", err)
	}
	*pass = after
	return nil
}

func insertPass(ctx context.Context, tx pgx.Tx, pass *ledger.Pass) error {
	err := tx.QueryRow(ctx, `
insert into pass (scheme, kind, revision, watermark_version, lower_edge, vendor_time, service_time, clock_note, watermark_before, cursor_id)
values (@scheme, @kind, @revision, @version, @edge, @vendor, @service, @note, @before, @cursor)
returning pass_id`,
		pgx.StrictNamedArgs{
			"scheme": pass.Scheme, "kind": string(pass.Kind), "revision": pass.Revision, "version": pass.WatermarkVersion, "edge": pass.LowerEdge,
			"vendor": nullable(pass.Clock.Vendor), "service": pass.Clock.Service, "note": clean(pass.Clock.Note), "before": nullable(pass.WatermarkBefore),
			"cursor": pass.Cursor,
		}).Scan(&pass.ID)
	if violates(err, "pass_one_unfinished") {
		return fmt.Errorf("another pass of scheme %s is under way: %w", pass.Scheme, ledger.ErrConflict)
	}
	return err
}

// movePass moves the pass's cursor by compare-and-set.
func movePass(ctx context.Context, tx pgx.Tx, pass *ledger.Pass, from int64) error {
	runCounts, err := json.Marshal(pass.RunCounts)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update pass set cursor_id = @to, run_counts = @run_counts, clock_suspect = @suspect, clock_note = @note
where pass_id = @pass and state = 'running' and cursor_id = @from`,
		pgx.StrictNamedArgs{"pass": pass.ID, "from": from, "to": pass.Cursor, "run_counts": string(runCounts), "suspect": pass.ClockSuspect, "note": clean(pass.Clock.Note)})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("pass %d was moved on by somebody else: %w", pass.ID, ledger.ErrConflict)
	}
	return nil
}

// FailPass ends a pass that cannot be right. What it planned stays planned and is taken up by the next.
func (s *Store) FailPass(ctx context.Context, pass *ledger.Pass, reason string) error {
	if pass.ID == 0 {
		return nil
	}
	if _, err := s.pool.Exec(ctx, `
update pass set state = 'failed', end_time = now(), error = $2 where pass_id = $1 and state = 'running'`, pass.ID, clean(reason)); err != nil {
		return fmt.Errorf("fail pass: %w", err)
	}
	return nil
}

// NotePassFailure records why a pass did not end and when to try again. The pass itself stays unfinished and is resumed.
func (s *Store) NotePassFailure(ctx context.Context, scheme, reason string, wait time.Duration) error {
	if _, err := s.pool.Exec(ctx, `
insert into pass_failure (scheme, error, failures, not_before) values ($1, $2, 1, now() + $3)
on conflict (scheme) do update set error = $2, failures = pass_failure.failures + 1, last_time = now(), not_before = now() + $3`,
		scheme, clean(reason), wait); err != nil {
		return fmt.Errorf("note pass failure: %w", err)
	}
	return nil
}
