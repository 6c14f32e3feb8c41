package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// unsettled is what is still to be done, by the rows.
type unsettled struct {
	// Version of the watermark moves with each completed incremental run.
	Version                                  int64
	Open, Unanswered, Reread, Begun, Missing int64
	// Conditions are open, and Demanded acts were not typed yet.
	Conditions int64
	Demanded   int
	Failed     string
	// Rechecks and Reconciles are the runs of these kinds that ended and had begun after the faults were over; a
	// reconcile run counts that began after a recheck ended.
	Rechecks, Reconciles int64
}

func (u unsettled) nothing() bool {
	return u.Open+u.Unanswered+u.Reread+u.Begun+u.Missing+u.Conditions == 0 && u.Demanded == 0 && u.Failed == ""
}

func (u unsettled) String() string {
	return fmt.Sprintf("%d cancellations open, %d attempts without an answer, %d bills to be read again, %d missing, "+
		"%d runs not ended, %d conditions open, %d acts to be typed, %d rechecks and %d reconcile runs since %s",
		u.Open, u.Unanswered, u.Reread, u.Missing, u.Begun, u.Conditions, u.Demanded, u.Rechecks, u.Reconciles,
		u.Failed)
}

// stuckTime: when what is due has not changed for so long, waiting longer proves nothing more.
const stuckTime = 15 * time.Second

// calmed is how the quiet ended.
type calmed struct {
	left unsettled
	took time.Duration
	// settled: nothing is due. moving: the time was up, and there was still something happening.
	settled, moving bool
}

// quiet ends all faults, starts what is dead, and waits until nothing is due and incremental runs that began later have
// found nothing more. The operator works on until then; when it ends he is through.
func (t *town) quiet(ctx context.Context, p plan, limit time.Duration, o *operator) (c calmed, err error) {
	began := time.Now()
	defer func() { c.took = time.Since(began) }()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := t.control.calm(ctx, p); err != nil {
		return c, err
	}
	if err := errors.Join(t.control.lastBills(ctx), t.lastScheme(ctx, p, o)); err != nil {
		return c, err
	}
	// What was changed last is visible after that.
	since := time.Now().Add(time.Duration(p.kingdee.CommitMillis) * time.Millisecond)
	// Three completed incremental runs: the first may have read before the calm, the second has seen all, the third
	// what that one asked to see again.
	const runs = 3
	var from int64 = -1
	var rechecked *time.Time
	changed := time.Now()
	// A reconcile run that a kill held up counts as one that took long, and the next waits four times that: here
	// somebody asks.
	asking, stop := context.WithCancel(ctx)
	var asked sync.WaitGroup
	asked.Go(func() { t.askForReconciles(asking) })
	defer asked.Wait()
	defer stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, m := range t.members {
			if err := m.alive(ctx); err != nil && ctx.Err() == nil {
				return c, err
			}
		}
		typed := o.count()
		now, err := t.left(ctx, since, &rechecked)
		now.Demanded = len(o.untyped(p))
		switch {
		case err != nil && ctx.Err() == nil:
			t.logger.WarnContext(ctx, "ledger not read", "err", err)
		case err == nil:
			if now.progress() != c.left.progress() {
				changed = time.Now()
			}
			c.left = now
			if from < 0 {
				from = now.Version
			}
			if now.nothing() && now.Version >= from+runs && now.Rechecks > 0 && now.Reconciles > 0 {
				if o.end(typed) {
					c.settled = true
					return c, nil
				}
				from = now.Version
			}
			if !now.nothing() {
				from = now.Version
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			o.end(-1)
			c.moving = time.Since(changed) < stuckTime
			return c, nil
		}
	}
}

// progress is what changes when something that is due gets done, and runs alone only once nothing is.
func (u unsettled) progress() unsettled {
	if !u.nothing() {
		u.Version, u.Rechecks, u.Reconciles = 0, 0, 0
	}
	return u
}

// left asks what is unsettled. rechecked is when the first recheck ended since then, once that is known: its row is
// gone when the next begins.
func (t *town) left(ctx context.Context, since time.Time, rechecked **time.Time) (u unsettled, err error) {
	err = t.pool.QueryRow(ctx, `
with recheck as (
    select end_time from run where kind = 'recheck' and state = 'complete' and start_time >= $1
    union all
    select $2::timestamptz where $2::timestamptz is not null
)
select coalesce((select max(version) from watermark), -1),
    (select count(*) from unsettled_cancellation where state in ('planned', 'open')),
    (select count(*) from attempt where disposition = ''),
    (select count(*) from bill where reread_time <= now()),
    (select count(*) from run where state = 'running' and kind in ('baseline', 'incremental', 'remap')),
    (select count(*) from bill b where absent_since is not null and class <> 'deleted'
        and ((document_status = 'C' and cancel_status = 'A')
            or class in ('un_audited', 'never_seen_live')
            or exists (select from unsettled_cancellation c where c.bill_id = b.bill_id
                and c.state in ('planned', 'open', 'held')))),
    coalesce((select max(error) from run_failure), ''),
    (select count(*) from condition where end_time is null),
    (select count(*) from recheck),
    (select count(*) from run
     where kind = 'reconcile' and state = 'complete'
       and start_time > (select min(end_time) from recheck)),
    (select min(end_time) from recheck)`, since, *rechecked).Scan(
		&u.Version, &u.Open, &u.Unanswered, &u.Reread, &u.Begun, &u.Missing, &u.Failed, &u.Conditions, &u.Rechecks,
		&u.Reconciles, rechecked)
	return u, err
}

// baseline waits until the ledger has begun.
func (t *town) baseline(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		var there bool
		if err := t.pool.QueryRow(ctx, `select exists (select from watermark)`).Scan(&there); err != nil {
			return fmt.Errorf("wait for the baseline: %w", err)
		}
		if there {
			return nil
		}
		wait(ctx, 50*time.Millisecond)
	}
}
