package ledger

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// returnsWithin is how soon after its end a condition is the same one when it comes back.
const returnsWithin = 10 * time.Minute

// seenEvery is how often it is written down that a condition lasts.
const seenEvery = 5 * time.Second

// Condition is what stands still and why. Its kind and the names that belong to the kind's subject tell it from every
// other: there is one open row of it, however often and by whom it is met.
type Condition struct {
	// ID is 0 of one that is not open yet.
	ID                     int64
	Kind                   rule.ConditionKind
	Scheme, DataCenterID   string
	Account, Trigger, Host string
	Reason                 string
	// Detail is what was met, in the words of whoever said it.
	Detail string
	// Since is when it began; zero: now.
	Since time.Time
	// Anew: it is the act of a person, which is never the same as one that has ended.
	Anew bool
	// ProbeAfter is when the harmless question is asked first; 0: nobody asks.
	ProbeAfter time.Duration
}

// key are the values that tell a condition from every other.
func (c Condition) key() pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"kind": string(c.Kind), "scheme": c.Scheme, "data_center": c.DataCenterID, "account": c.Account,
		"trigger": c.Trigger, "host": c.Host, "reason": c.Reason,
	}
}

// isKey finds the rows o of a condition by its key.
const isKey = `(o.kind = @kind and coalesce(o.scheme, '') = @scheme and o.data_center_id = @data_center
    and o.account = @account and o.trigger = @trigger and o.host = @host and o.reason = @reason)`

// OpenCondition opens a condition, or writes down that it lasts, and says whether it is this call that opened it. One
// that ended less than ten minutes ago goes on as the same row. This is the one place that opens a condition.
func OpenCondition(ctx context.Context, tx pgx.Tx, c Condition) (opened bool, err error) {
	args := c.key()
	var fresh bool
	err = tx.QueryRow(ctx, `
select coalesce(bool_or(o.last_seen > now() - @every::interval and o.detail = @detail), false)
from condition o where o.end_time is null and `+isKey, with(args, "every", seenEvery, "detail", CleanText(c.Detail)),
	).Scan(&fresh)
	if err != nil || fresh {
		return false, err
	}
	// One at a time: two hosts meet the same trouble in the same moment.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('voidrelay condition ' || $1, 0))`,
		strings.Join([]string{string(c.Kind), c.Scheme, c.DataCenterID, c.Account, c.Trigger, c.Host, c.Reason},
			"\x1f")); err != nil {
		return false, err
	}
	args = with(args, "detail", CleanText(c.Detail))
	tag, err := tx.Exec(ctx, `
update condition o set last_seen = now(), detail = @detail where o.end_time is null and `+isKey, args)
	if err != nil || tag.RowsAffected() > 0 {
		return false, err
	}
	args = with(args, "probe", c.ProbeAfter)
	tag, err = tx.Exec(ctx, `
with opened as (
    update condition o
    set end_time = null, end_reason = '', last_seen = now(), detail = @detail, returns = o.returns + 1, probes = 0,
        probe_time = case when @probe::interval > interval '0' then now() + @probe end
    where o.condition_id = (
        select o.condition_id from condition o
        where not @anew and o.end_time > now() - @within::interval and `+isKey+`
        order by o.end_time desc
        limit 1)
    returning o.condition_id, o.kind, o.scheme, o.reason
)`+openedEvents, with(args, "within", returnsWithin, "anew", c.Anew))
	if err != nil || tag.RowsAffected() > 0 {
		return tag.RowsAffected() > 0, err
	}
	tag, err = tx.Exec(ctx, `
with opened as (
    insert into condition (kind, scheme, data_center_id, account, trigger, host, reason, detail, since, probe_time,
        blocks_reading, blocks_sending, by_person)
    select k.kind, nullif(@scheme, ''), @data_center, @account, @trigger, @host, @reason, @detail,
           coalesce(@since::timestamptz, now()), case when @probe::interval > interval '0' then now() + @probe end,
           k.blocks_reading, k.blocks_sending, k.by_person
    from condition_kind k
    where k.kind = @kind and k.reason in ('', @reason)
    order by k.reason desc
    limit 1
    returning condition_id, kind, scheme, reason
)`+openedEvents, with(args, "since", orNull(c.Since)))
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("condition %s: the ledger has no such kind", c.Kind)
	}
	return err == nil, err
}

// openedEvents ends a statement whose with clause has the condition that it opened.
var openedEvents = LeaveEvents(EventConditionOpened, `reason`, `kind`, `scheme`, `condition_id`, `opened`)

func with(args pgx.StrictNamedArgs, pairs ...any) pgx.StrictNamedArgs {
	args = maps.Clone(args)
	for i := 0; i < len(pairs); i += 2 {
		//nolint:forcetypeassert,gosec // callers name each value
		args[pairs[i].(string)] = pairs[i+1]
	}
	return args
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// EndConditions ends the open conditions o that a statement's condition finds, and answers them. This is the one
// statement that ends a condition.
func EndConditions(
	ctx context.Context, tx pgx.Tx, why, where string, args pgx.StrictNamedArgs,
) ([]Condition, error) {
	rows, err := tx.Query(ctx, `
with ended as (
    update condition o set end_time = now(), end_reason = @why, probe_time = null
    where o.end_time is null and (`+where+`)
    returning o.*
), told as (`+LeaveEvents(EventConditionClosed, `reason`, `kind`, `scheme`, `condition_id`, `ended`)+`
)
select `+conditionColumns+` from ended o`, with(args, "why", CleanText(why)))
	if err != nil {
		return nil, err
	}
	ended, err := pgx.CollectRows(rows, pgx.RowToStructByName[Condition])
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	ids := make([]int64, len(ended))
	for i, c := range ended {
		ids[i] = c.ID
	}
	// While it lasted nobody tried: the time in which nothing could be sent begins anew.
	return ended, ForgetUnsentOf(ctx, tx, `
select s.scheme
from scheme s
where exists (
    select from condition o
    where o.condition_id = any($1) and `+KeepsUnsent+`
      and (o.account = '' or o.account = any(s.wms_accounts)))`, ids)
}

const conditionColumns = `o.condition_id as id, o.kind, coalesce(o.scheme, '') as scheme, o.data_center_id, o.account,
    o.trigger, o.host, o.reason, o.detail, o.since, false as anew, interval '0' as probe_after`

// Conditions opens, ends and probes conditions, each in a transaction of its own. Safe for concurrent use.
type Conditions struct{ pool *pgxpool.Pool }

// NewConditions reaches them through a pool that Open made.
func NewConditions(pool *pgxpool.Pool) *Conditions { return &Conditions{pool: pool} }

// OpenCondition is the function of that name, in a transaction of its own.
func (s *Conditions) OpenCondition(ctx context.Context, c Condition) (opened bool, err error) {
	err = InTx(ctx, s.pool, func(tx pgx.Tx) error {
		opened, err = OpenCondition(ctx, tx, c)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("open condition %s: %w", c.Kind, err)
	}
	return opened, nil
}

// EndCondition ends a condition, whatever its detail, and says whether it was open.
func (s *Conditions) EndCondition(ctx context.Context, c Condition, why string) (ended bool, err error) {
	err = InTx(ctx, s.pool, func(tx pgx.Tx) error {
		found, err := EndConditions(ctx, tx, why, isKey, c.key())
		ended = len(found) > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("end condition %s: %w", c.Kind, err)
	}
	return ended, nil
}

// RecordCondition writes a condition that is over: it lasted from its Since until end, by the caller's clock.
func (s *Conditions) RecordCondition(ctx context.Context, c Condition, end time.Time, why string) error {
	err := InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := OpenCondition(ctx, tx, c); err != nil {
			return err
		}
		ended, err := EndConditions(ctx, tx, why, isKey, c.key())
		if err != nil {
			return err
		}
		for _, o := range ended {
			if _, err := tx.Exec(ctx, `
update condition o set last_seen = greatest(o.since, $2), end_time = greatest(o.since, $2)
where o.condition_id = $1`, o.ID, end); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record condition %s: %w", c.Kind, err)
	}
	return nil
}

// TakeProbes answers the open conditions of these kinds that are due to be asked about, and makes them due again at
// that pace: whoever takes one asks. Those that only one host can see are not among them.
func (s *Conditions) TakeProbes(ctx context.Context, pace Pace, kinds ...rule.ConditionKind) ([]Condition, error) {
	return s.TakeHostProbes(ctx, "", pace, kinds...)
}

// TakeHostProbes is TakeProbes for the conditions that only this host can see.
func (s *Conditions) TakeHostProbes(
	ctx context.Context, host string, pace Pace, kinds ...rule.ConditionKind,
) ([]Condition, error) {
	rows, err := s.pool.Query(ctx, `
update condition o
set probe_time = now() + least($1::interval * power(2, least(o.probes, 20)), $2::interval), probes = o.probes + 1
where o.end_time is null and o.probe_time <= now() and o.kind = any($3) and o.host = $4
returning `+conditionColumns, pace.First, pace.Longest, kinds, host)
	if err != nil {
		return nil, fmt.Errorf("take probes: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Condition])
	if err != nil {
		return nil, fmt.Errorf("take probes: %w", err)
	}
	return found, nil
}

// ProbeIn makes an open condition due to be asked about after wait.
func (s *Conditions) ProbeIn(ctx context.Context, id int64, wait time.Duration) error {
	_, err := s.pool.Exec(ctx, `
update condition set probe_time = now() + $2::interval where condition_id = $1 and end_time is null`, id, wait)
	if err != nil {
		return fmt.Errorf("put a probe off: %w", err)
	}
	return nil
}

// ProbeSoon makes the open conditions o that a statement's condition finds due to be asked about now.
func ProbeSoon(ctx context.Context, tx pgx.Tx, where string, args pgx.StrictNamedArgs) error {
	_, err := tx.Exec(ctx, `
update condition o set probe_time = now() where o.end_time is null and o.probe_time > now() and (`+where+`)`, args)
	return err
}
