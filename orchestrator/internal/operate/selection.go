package operate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// choice is a filter as conditions on a cancellation c as it stands now, and which of what it finds an act applies to.
type choice struct {
	verb           ledger.Verb
	where, applies string
	args           pgx.StrictNamedArgs
	filter         ledger.CancellationFilter
	refuse         func(refusedRow) string
}

// inStates are the cancellations of @scheme in the states @states.
const inStates = `
select u.cancellation_id from unsettled_cancellation u where u.scheme = @scheme and u.state = any(@states)
union all
select e.cancellation_id from outcome e where e.scheme = @scheme and e.state = any(@states) and e.revoke_time is null`

// choose turns the filter of an act, which names a scheme, into conditions.
func choose(verb ledger.Verb, f ledger.CancellationFilter, v verbRule) choice {
	args := pgx.StrictNamedArgs{}
	facts, standing := f.Conditions("c", "c", args)
	where := "true" + facts + standing
	if len(f.IDs) == 0 {
		args["states"] = f.States
		if len(f.States) == 0 {
			args["states"] = v.states
		}
		if f.BillNo == "" && f.WorkItemID == 0 {
			where += ` and c.cancellation_id in (` + inStates + `)`
		} else { // the bill or the work item leads to few; their states are looked at one by one
			where += ` and c.state = any(@states)`
		}
	}
	return choice{verb: verb, where: where, applies: v.applies, args: args, filter: f, refuse: v.refuse}
}

// tokenOf answers how many cancellations c a condition finds, and a token that stands for an act on them as they are:
// it is another one for another act, other cancellations, another state, or one more attempt.
func tokenOf(
	ctx context.Context, tx pgx.Tx, act, where string, args pgx.StrictNamedArgs,
) (count int64, token string, err error) {
	var found string
	err = tx.QueryRow(ctx, `
select count(*), coalesce(encode(sha256(convert_to(string_agg(
    c.cancellation_id || ' ' || c.state || ' ' || c.attempt, ',' order by c.cancellation_id), 'UTF8')), 'hex'), '')
from cancellation_now c
where `+where, args).Scan(&count, &found)
	sum := sha256.Sum256([]byte(act + " " + found))
	return count, hex.EncodeToString(sum[:16]), err
}

// agreed refuses an act on these cancellations, which are locked, where it is not what its dry run counted.
func agreed(ctx context.Context, tx pgx.Tx, act string, ids []int64, b ledger.Bounds) error {
	if b.Token == "" {
		return nil
	}
	count, token, err := tokenOf(ctx, tx, act, `c.cancellation_id = any(@ids)`, pgx.StrictNamedArgs{"ids": ids})
	if err == nil && token != b.Token {
		err = &ledger.ChangedError{Count: count}
	}
	return err
}

// refusedRow is a cancellation that an act does not apply to.
type refusedRow struct {
	CancellationID         int64
	BillNo, State, Outcome string
	InFlight               bool
	// Sender is the cancellation with which it shares its order; 0 where that is itself, or it is settled.
	Sender int64
	Total  int64
}

// take counts what the act applies to, locks it unless it is a dry run, and lists what is refused. More than the bounds
// allow is a CapError, something else than the token stands for a ChangedError, except for a dry run, which is there to
// learn both.
func (c *choice) take(ctx context.Context, tx pgx.Tx, b ledger.Bounds) (ledger.Effect, []int64, error) {
	effect := ledger.Effect{DryRun: b.DryRun}
	query := `select c.cancellation_id from cancellation_now c where ` + c.where + ` and ` + c.applies
	args := maps.Clone(c.args)
	if b.DryRun {
		var err error
		if effect.Count, effect.Token, err = tokenOf(ctx, tx, string(c.verb),
			c.where+" and "+c.applies, c.args); err != nil {
			return effect, nil, err
		}
		query += ` order by c.cancellation_id limit 100`
	} else {
		found, err := c.lock(ctx, tx, query, b.Max)
		if err != nil {
			return effect, nil, err
		}
		query, args["locked"] = query+` and c.cancellation_id = any(@locked) order by c.cancellation_id`, found
	}
	rows, err := tx.Query(ctx, query, args)
	if err != nil {
		return effect, nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return effect, nil, err
	}
	if !b.DryRun {
		// What was found is what was locked: others may have changed some of it since it was counted.
		if effect.Count = int64(len(ids)); effect.Count > b.Max {
			return effect, nil, &ledger.CapError{Count: effect.Count, Max: b.Max}
		}
		if err := agreed(ctx, tx, string(c.verb), ids, b); err != nil {
			return effect, nil, err
		}
	}
	effect.IDs = slices.Clone(ids[:min(len(ids), ledger.Listed)])
	return effect, ids, c.listRefused(ctx, tx, &effect)
}

// lock locks what a query of the choice finds, unless that is too much. Some of it may be otherwise by then: it is to
// be asked for again.
func (c *choice) lock(ctx context.Context, tx pgx.Tx, query string, most int64) ([]int64, error) {
	if err := c.count(ctx, tx, most); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, query, c.args)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	return found, ledger.LockStanding(ctx, tx, found)
}

// count refuses what is too much before anything is locked.
func (c *choice) count(ctx context.Context, tx pgx.Tx, most int64) error {
	var count int64
	err := tx.QueryRow(ctx, `select count(*) from cancellation_now c where `+c.where+` and `+c.applies,
		c.args).Scan(&count)
	if err == nil && count > most {
		err = &ledger.CapError{Count: count, Max: most}
	}
	return err
}

// listRefused says of what the act does not apply to why not, and of ids that the scheme does not have that
// it does not.
func (c *choice) listRefused(ctx context.Context, tx pgx.Tx, effect *ledger.Effect) error {
	rows, err := tx.Query(ctx, `
select c.cancellation_id, c.bill_no, c.state, c.outcome, c.lease_until is not null as in_flight,
       case when `+isSender+` then 0 else c.same_order_as end as sender, count(*) over () as total
from cancellation_now c
where `+c.where+` and not (`+c.applies+`)
order by c.cancellation_id
limit 100`, c.args)
	if err != nil {
		return err
	}
	refused, err := pgx.CollectRows(rows, pgx.RowToStructByName[refusedRow])
	if err != nil {
		return err
	}
	for _, r := range refused {
		effect.RefusedCount = r.Total
		effect.Refused = append(effect.Refused, ledger.Refusal{
			CancellationID: r.CancellationID, BillNo: r.BillNo, Message: c.refuse(r),
		})
	}
	if len(c.filter.IDs) == 0 {
		return nil
	}
	rows, err = tx.Query(ctx, `
select id from unnest($2::bigint[]) with ordinality as i (id, n)
where not exists (select from cancellation c where c.cancellation_id = i.id and c.scheme = $1)
group by id
order by min(n)`, c.filter.Scheme, c.filter.IDs)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	effect.RefusedCount += int64(len(missing))
	for _, id := range missing {
		if len(effect.Refused) < ledger.Listed {
			effect.Refused = append(effect.Refused, ledger.Refusal{CancellationID: id, Message: "没有此取消记录，或不属于该方案"})
		}
	}
	return err
}
