package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// FinishPass stores the last page and ends the pass, in one transaction: the funnel and the brakes are checked, every planned
// cancellation of the scheme becomes open, held or observed, and the mark moves by compare-and-set. A poll that found nothing
// leaves a heartbeat and no row. also runs in the same transaction.
func (s *Store) FinishPass(ctx context.Context, pass *ledger.Pass, page ledger.Page, finish ledger.Finish, also func(pgx.Tx) error) (ledger.Finished, error) {
	var finished ledger.Finished
	if pass.ID == 0 && pass.Kind == ledger.Poll && page.Empty() {
		quiet, err := s.heartbeat(ctx, pass, page, finish)
		if err != nil || quiet {
			return finished, err
		}
	}
	err := s.commit(ctx, pass, page, func(tx pgx.Tx, after *ledger.Pass) error {
		if err := after.Funnel.Check(); err != nil {
			return err
		}
		if err := moveMark(ctx, tx, after, finish); err != nil {
			return err
		}
		var err error
		if finished, err = settlePlanned(ctx, tx, after.Scheme, finish); err != nil {
			return fmt.Errorf("settle planned: %w", err)
		}
		if _, err := tx.Exec(ctx, `update pass set state = 'complete', end_time = now(), mark_after = $2 where pass_id = $1`,
			after.ID, finish.MarkAfter); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from pass_failure where scheme = $1`, after.Scheme); err != nil {
			return err
		}
		return also(tx)
	})
	return finished, err
}

// heartbeat moves the mark of a poll that found nothing. It answers false when planned debts of an earlier pass wait for a
// complete one.
func (s *Store) heartbeat(ctx context.Context, pass *ledger.Pass, page ledger.Page, finish ledger.Finish) (bool, error) {
	funnel := pass.Funnel
	funnel.Add(page.Funnel)
	if err := funnel.Check(); err != nil {
		return false, err
	}
	quiet := false
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var planned bool
		if err := tx.QueryRow(ctx, `select exists (select from cancellation where scheme = $1 and state = 'planned')`, pass.Scheme).Scan(&planned); err != nil {
			return err
		}
		if planned {
			return nil
		}
		quiet = true
		if err := openWork(ctx, tx, pass.Scheme, page.Work); err != nil {
			return err
		}
		if err := closeUndecodable(ctx, tx, pass.Scheme, page.Readable); err != nil {
			return err
		}
		if pass.Failed {
			if _, err := tx.Exec(ctx, `delete from pass_failure where scheme = $1`, pass.Scheme); err != nil {
				return err
			}
		}
		return moveMark(ctx, tx, pass, finish)
	})
	if err != nil {
		return false, fmt.Errorf("heartbeat: %w", err)
	}
	return quiet, nil
}

// moveMark sets the mark, or makes it when this was the baseline.
func moveMark(ctx context.Context, tx pgx.Tx, pass *ledger.Pass, finish ledger.Finish) error {
	if pass.Kind == ledger.Baseline {
		tag, err := tx.Exec(ctx, `
insert into mark (scheme, mark_time, data_center_id, environment, time_zone, effective_from, last_pass_rows)
values (@scheme, @mark, @data_center, @environment, @zone, @effective, @rows)
on conflict (scheme) do nothing`,
			pgx.StrictNamedArgs{
				"scheme": pass.Scheme, "mark": finish.MarkAfter, "data_center": finish.DataCenter, "environment": finish.Environment,
				"zone": finish.TimeZone, "effective": finish.EffectiveFrom, "rows": finish.RowsRead,
			})
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return fmt.Errorf("scheme %s has a mark already: %w", pass.Scheme, ledger.ErrConflict)
		}
		_, err = tx.Exec(ctx, `
update scheme set mode = case when $2 then 'send' else mode end, poll_millis = $3, update_time = now() where scheme = $1`,
			pass.Scheme, finish.SendAtOnce, finish.PollInterval.Milliseconds())
		return err
	}
	tag, err := tx.Exec(ctx, `
update mark set mark_time = @mark, version = version + 1, time_zone = @zone, last_pass_time = now(), last_pass_rows = @rows
where scheme = @scheme and version = @version`,
		pgx.StrictNamedArgs{
			"scheme": pass.Scheme, "mark": finish.MarkAfter, "zone": finish.TimeZone, "rows": finish.RowsRead, "version": pass.MarkVersion,
		})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("the mark of scheme %s was moved by somebody else: %w", pass.Scheme, ledger.ErrConflict)
	}
	if pass.ClockSuspect {
		return nil
	}
	_, err = tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = 'the clocks fit again'
where scheme = $1 and kind = $2 and close_time is null`, pass.Scheme, string(rule.WorkClockSuspect))
	return err
}

// BindAccount keeps the sid behind a WMS account name with the scheme's mark, the first time it is met, and answers the one that is
// kept.
func (s *Store) BindAccount(ctx context.Context, scheme, account, sid string) (string, error) {
	var kept string
	if err := s.pool.QueryRow(ctx, `
with bound as (
    update mark set wms_sids = wms_sids || jsonb_build_object($2::text, $3::text)
    where scheme = $1 and not (wms_sids ? $2)
    returning wms_sids ->> $2 as sid
)
select coalesce((select sid from bound), (select wms_sids ->> $2 from mark where scheme = $1))`, scheme, account, sid).Scan(&kept); err != nil {
		return "", fmt.Errorf("bind account: %w", err)
	}
	return kept, nil
}

// settlePlanned turns every planned cancellation of the scheme into open, held or observed, and trips the brakes.
func settlePlanned(ctx context.Context, tx pgx.Tx, scheme string, finish ledger.Finish) (ledger.Finished, error) {
	var finished ledger.Finished
	var mode string
	var lastHour, lastDay, fresh int64
	if err := tx.QueryRow(ctx, `select mode from scheme where scheme = $1 for update`, scheme).Scan(&mode); err != nil {
		return finished, err
	}
	if mode == "observe" {
		tag, err := tx.Exec(ctx, `
update cancellation set state = 'observed', hold_reason = '', outcome = 'observed', decide_time = now(), outcome_time = now(), update_time = now()
where scheme = $1 and state = 'planned'`, scheme)
		finished.Observed = tag.RowsAffected()
		return finished, err
	}
	if err := tx.QueryRow(ctx, `
with floor as (select greatest(coalesce(brake_reset_time, '-infinity'), now() - interval '1 day') as at from scheme where scheme = @scheme),
     counted as (select c.decide_time from cancellation c, floor where c.scheme = @scheme and c.decide_time > floor.at
                 order by c.decide_time desc limit @limit)
select (select count(*) from counted where decide_time > now() - interval '1 hour'), (select count(*) from counted),
       (select count(*) from cancellation where scheme = @scheme and state = 'planned' and hold_reason = '')`,
		pgx.StrictNamedArgs{"scheme": scheme, "limit": finish.Brakes.PerDay + 1}).Scan(&lastHour, &lastDay, &fresh); err != nil {
		return finished, err
	}
	if finished.Tripped = finish.Brakes.Trip(lastHour, lastDay, fresh); finished.Tripped == "" && fresh > 0 {
		var err error
		if finished.Tripped, err = brakeOpen(ctx, tx, scheme); err != nil {
			return finished, err
		}
	}
	if finished.Tripped != "" {
		if err := tripBrake(ctx, tx, scheme, finished.Tripped, fresh); err != nil {
			return finished, err
		}
	}
	tag, err := tx.Exec(ctx, `
update cancellation set state = 'held', decide_time = now(), update_time = now()
where scheme = $1 and state = 'planned' and hold_reason <> ''`, scheme)
	if err != nil {
		return finished, err
	}
	finished.Held = tag.RowsAffected()
	tag, err = tx.Exec(ctx, `
update cancellation set state = 'open', decide_time = now(), due_time = now(), unsent_since = null, answer_changes = 0, update_time = now()
where scheme = $1 and state = 'planned'`, scheme)
	finished.Opened = tag.RowsAffected()
	return finished, err
}

// tripBrake holds everything of the scheme that cannot have reached the WMS.
func tripBrake(ctx context.Context, tx pgx.Tx, scheme string, reason rule.HoldReason, fresh int64) error {
	if _, err := tx.Exec(ctx, `
update cancellation set hold_reason = $2, state = case state when 'open' then 'held' else state end, update_time = now()
where scheme = $1 and hold_reason = '' and (state = 'planned' or (state = 'open' and `+neverLanded+`))`, scheme, string(reason)); err != nil {
		return err
	}
	return openWork(ctx, tx, scheme, []ledger.Work{{Kind: rule.WorkBrake, Subject: string(reason), Detail: fmt.Sprintf("%d new", fresh)}})
}
