package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

type markParameters struct {
	MarkTime time.Time `json:"mark_time"`
}

// MoveMark sets how far a scheme has read, back or forth, and answers where the mark stood. It is refused (*ledger.MarkError) before
// the baseline, while a pass is unfinished, and beyond the vendor's clock. The version moves with it, so that a pass that began before
// can no longer end: neither it nor what is left of a killed one brings the old mark back.
func (s *Store) MoveMark(ctx context.Context, act ledger.Act, to time.Time) (before time.Time, err error) {
	done, err := s.perform(ctx, verbMoveMark, act, markParameters{to.UTC()}, func(tx pgx.Tx, _ string) (int64, error) {
		before, latest, err := markBounds(ctx, tx, act.Scheme)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return 0, &ledger.MarkError{Why: "the baseline is not complete; 基线尚未完成"}
		case err != nil:
			return 0, err
		case to.After(latest):
			return 0, &ledger.MarkError{Why: fmt.Sprintf("%s is in the future of Kingdee's clock; 晚于金蝶当前时间", to.UTC().Format(time.RFC3339))}
		}
		var unfinished bool
		if err := tx.QueryRow(ctx, `select exists (select from pass where scheme = $1 and state = 'running')`, act.Scheme).Scan(&unfinished); err != nil {
			return 0, err
		}
		if unfinished {
			return 0, &ledger.MarkError{Why: "a pass is not finished; try again after it; 有未完成的扫描，请稍后再试"}
		}
		if _, err := tx.Exec(ctx, `update mark set mark_time = $2, version = version + 1 where scheme = $1`, act.Scheme, to); err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, `
insert into mark_move (scheme, move_time, mark_before, mark_after, actor, reason)
values (@scheme, clock_timestamp(), @before, @after, @actor, @reason)`, pgx.StrictNamedArgs{
			"scheme": act.Scheme, "before": before, "after": to, "actor": clean(act.Actor), "reason": clean(act.Reason),
		})
		// What the act came to is where the mark stood: a repeated call answers the same.
		return before.UnixMicro(), err
	})
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(done.Count).UTC(), nil
}

// markBounds answers where the mark stands, locked, and how far ahead it may be set: to our clock or, where the last pass that noted
// both found the vendor's behind it, to the vendor's.
func markBounds(ctx context.Context, tx pgx.Tx, scheme string) (mark, latest time.Time, err error) {
	err = tx.QueryRow(ctx, `
select m.mark_time, now() + least(interval '0', coalesce((
    select p.vendor_time - p.service_time from pass p where p.scheme = m.scheme and p.vendor_time is not null order by p.pass_id desc limit 1), '0'))
from mark m
where m.scheme = $1
for update of m`, scheme).Scan(&mark, &latest)
	return mark, latest, err
}
