package push

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Claimants answers, for each of these cancellations, the other bills whose snapshots map to its order.
func (s *Rows) Claimants(ctx context.Context, ids []int64) (map[int64][]rule.Claimant, error) {
	return ledger.Claimants(ctx, s.pool, ids)
}

// StoreVerified writes what a fresh read said of open cancellations: still owed (sendable until the next), withdrawn,
// held, or unread: then it is due again after wait, and needs_attention for a person once it has been unread for limit.
// It is ErrConflict where this is not the scheme's newest revision any longer: another may say otherwise.
func (s *Rows) StoreVerified(
	ctx context.Context, scheme string, revision int, verified []ledger.Verified, wait, limit time.Duration,
) error {
	groups := map[rule.Verification][]ledger.Verified{}
	for _, v := range verified {
		groups[v.Outcome] = append(groups[v.Outcome], v)
	}
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := isNewest(ctx, tx, scheme, revision); err != nil {
			return err
		}
		if err := ledger.LockVerified(ctx, tx, ids(verified), ids(groups[rule.ClaimUnconfirmed])); err != nil {
			return err
		}
		if err := storeHolds(ctx, tx, groups[rule.Holds]); err != nil {
			return err
		}
		if err := storeDwelling(ctx, tx, groups[rule.Dwelling]); err != nil {
			return err
		}
		if err := storeNoTrigger(ctx, tx, scheme, groups[rule.NoTrigger]); err != nil {
			return err
		}
		if err := storeClaimed(ctx, tx, scheme, groups[rule.OrderClaimed]); err != nil {
			return err
		}
		if err := ledger.AwaitSharers(ctx, tx, ids(groups[rule.OrderShared])); err != nil {
			return err
		}
		if err := storeUnconfirmed(ctx, tx, groups[rule.ClaimUnconfirmed]); err != nil {
			return err
		}
		return storeUnread(ctx, tx, scheme, groups[rule.Unread], wait, limit)
	})
	if err != nil {
		return fmt.Errorf("store verification: %w", err)
	}
	return nil
}

// isNewest is ErrConflict where a scheme has another revision by now, and keeps the next one from being stored until
// the transaction ends.
func isNewest(ctx context.Context, tx pgx.Tx, scheme string, revision int) error {
	var newest int
	err := tx.QueryRow(ctx, `select revision from scheme where scheme = $1 for key share`, scheme).Scan(&newest)
	if err == nil && newest != revision {
		err = fmt.Errorf("scheme %s has revision %d by now, not %d: %w", scheme, newest, revision, ledger.ErrConflict)
	}
	return err
}

func ids(verified []ledger.Verified) []int64 {
	out := make([]int64, len(verified))
	for i, v := range verified {
		out[i] = v.ID
	}
	return out
}

// storeHolds moves the verification time and says for which trigger it holds, and moves the read time of the bill with
// it, so that an older read still on its way cannot overwrite what this one saw. A bill that is gone was not read; one
// that is not in the state that the ledger has is decided anew by the next run.
func storeHolds(ctx context.Context, tx pgx.Tx, verified []ledger.Verified) error {
	if len(verified) == 0 {
		return nil
	}
	times, triggers, notBefore := verifiedColumns(verified)
	_, err := tx.Exec(ctx, `
with v as (
    select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::timestamptz[])
      as v (id, read_time, trigger, not_before)),
moved as (
    update unsettled_cancellation c
    set verified_time = greatest(c.verified_time, v.read_time), unread_since = null, claimed_since = null,
        not_before = v.not_before, update_time = now()
    from v where c.cancellation_id = v.id and c.state = 'open'
    returning c.cancellation_id, c.scheme, c.bill_id, v.read_time, v.trigger
), called as (`+addTrigger+` from moved m where `+isNewTrigger+`)
update bill b set read_time = m.read_time
from (select scheme, bill_id, max(read_time) as read_time from moved group by 1, 2) m
where b.scheme = m.scheme and b.bill_id = m.bill_id and b.read_time < m.read_time`,
		ids(verified), times, triggers, notBefore)
	if err != nil {
		return err
	}
	return ledger.ClaimSettled(ctx, tx, ids(verified))
}

// addTrigger adds a trigger of m to those of its cancellation c, unless isNewTrigger says that it is none or is among
// them.
const (
	addTrigger   = `update cancellation c set triggers = c.triggers || m.trigger, update_time = now()`
	isNewTrigger = `c.cancellation_id = m.cancellation_id and m.trigger <> '' and m.trigger <> all (c.triggers)`
)

func verifiedColumns(verified []ledger.Verified) (times []time.Time, triggers []string, notBefore []*time.Time) {
	for _, v := range verified {
		times, triggers, notBefore = append(times, v.ReadTime), append(triggers, string(v.Trigger)), append(notBefore,
			ledger.NullTime(v.NotBefore))
	}
	return times, triggers, notBefore
}

// storeDwelling leaves cancellations alone until the dwell of their bill is over, or that of a bill with which they
// share the order; not_before is of their own. That a bill is un-audited may be news: the next run decides it.
func storeDwelling(ctx context.Context, tx pgx.Tx, verified []ledger.Verified) error {
	if len(verified) == 0 {
		return nil
	}
	_, triggers, notBefore := verifiedColumns(verified)
	until := make([]time.Time, len(verified))
	for i, v := range verified {
		until[i] = v.Until
	}
	_, err := tx.Exec(ctx, `
with v as (
    select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[])
      as v (id, trigger, not_before, until)),
waiting as (
    update unsettled_cancellation c
    set not_before = v.not_before, due_time = greatest(v.until, v.not_before), unread_since = null, batch_until = null,
        update_time = now()
    from v where c.cancellation_id = v.id and c.state = 'open'
    returning c.cancellation_id, c.scheme, c.bill_id, v.trigger
), called as (`+addTrigger+` from waiting m where `+isNewTrigger+`)
update bill b set reread_time = now()
from waiting w
where b.scheme = w.scheme and b.bill_id = w.bill_id and b.un_audited_since is null`, ids(verified), triggers, notBefore,
		until)
	return err
}

// storeNoTrigger withdraws cancellations whose bill is not voided any longer. The bill's row still says otherwise: it
// counts as read at this moment, so that a page decided from an older read is refused, and the next run reads it whole.
// Where it was seen live, what may have reached the WMS is a person's matter at once.
func storeNoTrigger(ctx context.Context, tx pgx.Tx, scheme string, verified []ledger.Verified) error {
	bills, err := endVerified(ctx, tx, verified, "no_trigger")
	if err != nil || len(bills) == 0 {
		return err
	}
	var ids, restored []int64
	var times []time.Time
	for _, v := range verified {
		bill, withdrawn := bills[v.ID]
		if !withdrawn {
			continue
		}
		ids, times = append(ids, bill), append(times, v.ReadTime)
		if v.Live {
			restored = append(restored, bill)
		}
	}
	if _, err := tx.Exec(ctx, `
update bill b set read_time = greatest(b.read_time, v.read_time), reread_time = now()
from (select bill_id, max(read_time) as read_time from unnest($2::bigint[], $3::timestamptz[]) as v (bill_id, read_time)
    group by 1) v
where b.scheme = $1 and b.bill_id = v.bill_id`, scheme, ids, times); err != nil {
		return err
	}
	return ledger.OpenRestored(ctx, tx, scheme, restored, false)
}

// endVerified withdraws open cancellations, closes their work items, and answers the bill of each that it withdrew.
func endVerified(ctx context.Context, tx pgx.Tx, verified []ledger.Verified, outcome string) (map[int64]int64, error) {
	if len(verified) == 0 {
		return nil, nil
	}
	bills, err := ledger.WithdrawVerified(ctx, tx, ids(verified), outcome)
	if err != nil {
		return nil, err
	}
	return bills, ledger.CloseCancellationWork(ctx, tx, slices.Collect(maps.Keys(bills)), "withdrawn: "+outcome)
}

// storeUnread leaves cancellations for a while whose bill could not be read. One that was not shown is missing from now
// on, unless it was before: no other read may ask for a bill that was voided long ago, and a reconcile run proves what
// is missing gone.
func storeUnread(
	ctx context.Context, tx pgx.Tx, scheme string, verified []ledger.Verified, wait, limit time.Duration,
) error {
	if len(verified) == 0 {
		return nil
	}
	var absent, another []int64
	var times []time.Time
	for _, v := range verified {
		if v.Another {
			another = append(another, v.ID)
		}
		if v.Absent && !v.ReadTime.IsZero() {
			absent, times = append(absent, v.ID), append(times, v.ReadTime)
		}
	}
	if len(absent) > 0 {
		if _, err := tx.Exec(ctx, `
update bill b set absent_since = a.read_time
from (select c.bill_id, max(v.read_time) as read_time
    from unnest($2::bigint[], $3::timestamptz[]) as v (id, read_time)
    join cancellation c on c.cancellation_id = v.id
    group by 1) a
where b.scheme = $1 and b.bill_id = a.bill_id and b.absent_since is null and b.gone_time is null
  and b.read_time < a.read_time`, scheme, absent, times); err != nil {
			return err
		}
	}
	if len(another) > 0 {
		// The next run decides both.
		if _, err := tx.Exec(ctx, `
update bill b set reread_time = now()
from cancellation c where c.cancellation_id = any($1) and b.scheme = c.scheme and b.bill_id = c.bill_id`,
			another); err != nil {
			return err
		}
	}
	return ledger.AwaitRead(ctx, tx, ids(verified), wait, limit)
}
