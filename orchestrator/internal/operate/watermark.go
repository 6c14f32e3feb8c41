package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

type watermarkParameters struct {
	WatermarkTime time.Time `json:"watermark_time"`
}

// watermarkMoved is what moving it came to.
type watermarkMoved struct {
	Before time.Time `json:"watermark_time_before"`
}

// MoveWatermark sets how far a scheme has read, back or forth, and answers where the watermark stood. It is refused
// (*ledger.WatermarkError) before the baseline, while a run is unfinished, and beyond the vendor's clock. The version
// moves with it, so that a run that began before can no longer end: neither it nor what is left of a killed one brings
// the old watermark back.
func (s *Operator) MoveWatermark(
	ctx context.Context, tx pgx.Tx, act ledger.Act, to time.Time,
) (before time.Time, err error) {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return time.Time{}, err
	}
	before, latest, err := watermarkBounds(ctx, tx, act.Scheme)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return time.Time{}, &ledger.WatermarkError{Why: "the baseline is not complete; 基线尚未完成"}
	case err != nil:
		return time.Time{}, err
	case to.After(latest):
		return time.Time{}, &ledger.WatermarkError{
			Why: fmt.Sprintf("%s is in the future of Kingdee's clock; 晚于金蝶当前时间", to.UTC().Format(time.RFC3339)),
		}
	}
	if err := setWatermark(ctx, tx, act, before, to); err != nil {
		return time.Time{}, err
	}
	_, err = record(ctx, tx, ledger.MoveWatermark, act, watermarkParameters{to.UTC()}, watermarkMoved{before.UTC()})
	return before.UTC(), err
}

func setWatermark(ctx context.Context, tx pgx.Tx, act ledger.Act, before, to time.Time) error {
	var unfinished bool
	if err := tx.QueryRow(ctx, `
select exists (select from run where scheme = $1 and state = 'running' and kind in ('baseline', 'incremental'))`,
		act.Scheme).Scan(&unfinished); err != nil {
		return err
	}
	if unfinished {
		return &ledger.WatermarkError{Why: "a run is not finished; try again after it; 有未完成的读取任务，请稍后再试"}
	}
	if _, err := tx.Exec(ctx, `
update watermark set watermark_time = $2, version = version + 1 where scheme = $1`, act.Scheme, to); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
insert into watermark_change (scheme, move_time, watermark_before, watermark_after, actor, reason)
values (@scheme, clock_timestamp(), @before, @after, @actor, @reason)`, pgx.StrictNamedArgs{
		"scheme": act.Scheme, "before": before, "after": to, "actor": ledger.CleanText(act.Actor),
		"reason": ledger.CleanText(act.Reason),
	})
	return err
}

// watermarkBounds answers where the watermark stands, locked, and how far ahead it may be set: to our clock or, where
// the last run that noted both found the vendor's behind it, to the vendor's.
func watermarkBounds(ctx context.Context, tx pgx.Tx, scheme string) (watermark, latest time.Time, err error) {
	err = tx.QueryRow(ctx, `
select m.watermark_time, now() + least(interval '0', coalesce((
    select w.vendor_time - w.service_time from run r join run_reading w using (run_id)
    where r.scheme = m.scheme and w.vendor_time is not null order by r.run_id desc limit 1), '0'))
from watermark m
where m.scheme = $1
for update of m`, scheme).Scan(&watermark, &latest)
	return watermark, latest, err
}
