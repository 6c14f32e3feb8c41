package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// readingProbes are the kinds of condition of a Kingdee data centre that a login can end: the probe is one for all of
// them.
var readingProbes = []rule.ConditionKind{
	rule.ConditionKingdeeAway, rule.ConditionSessionContended, rule.ConditionLoginRefused,
}

// Pace is how often it is asked whether a condition has ended: first after First, each time twice as long as the time
// before, and at last every Longest.
type Pace struct{ First, Longest time.Duration }

// ReadingProbe is a data centre that is due to be asked, and how long to wait when that is of no use.
type ReadingProbe struct {
	DataCenterID string
	Wait         time.Duration
}

// TakeReadingProbes answers those of these data centres that are not read now and are due to be asked, and keeps all
// others from asking them for as long as asking may take. Whoever takes one asks, and calls EndReading or ProbeLater.
func (s *Conditions) TakeReadingProbes(
	ctx context.Context, dataCenters []string, pace Pace, asking time.Duration,
) ([]ReadingProbe, error) {
	rows, err := s.pool.Query(ctx, `
with due as (
    select o.data_center_id from condition o
    where o.end_time is null and o.kind = any(@kinds) and o.data_center_id = any(@centers)
    group by o.data_center_id
    having min(o.probe_time) <= now()
), taken as (
    update condition o set probe_time = now() + @asking::interval, probes = o.probes + 1
    from due
    where o.data_center_id = due.data_center_id and o.end_time is null and o.kind = any(@kinds)
      and o.probe_time <= now() + @longest::interval
    returning o.data_center_id, o.probes
)
select data_center_id, least(@longest::interval, @first::interval * 2 ^ least(max(probes), 20)) as wait
from taken group by data_center_id`, pgx.StrictNamedArgs{
		"kinds": readingProbes, "centers": dataCenters, "asking": asking, "first": pace.First, "longest": pace.Longest,
	})
	if err != nil {
		return nil, fmt.Errorf("take probes of reading: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[ReadingProbe])
	if err != nil {
		return nil, fmt.Errorf("take probes of reading: %w", err)
	}
	return found, nil
}

// ProbeLater makes a data centre due to be asked again after wait. Where still is not nil, that is what it is by now,
// and its other conditions end: whoever refuses a login is not away.
func (s *Conditions) ProbeLater(ctx context.Context, dataCenter string, still *Condition, wait time.Duration) error {
	err := InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if still != nil {
			if _, err := OpenCondition(ctx, tx, *still); err != nil {
				return err
			}
			others := slices.DeleteFunc(slices.Clone(readingProbes),
				func(kind rule.ConditionKind) bool { return kind == still.Kind })
			if _, err := EndConditions(ctx, tx, "it is "+string(still.Kind)+" by now",
				`o.data_center_id = @center and o.kind = any(@others)`,
				pgx.StrictNamedArgs{"center": dataCenter, "others": others}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `
update condition o set probe_time = now() + @wait::interval
where o.end_time is null and o.data_center_id = @center and o.kind = any(@kinds)`,
			pgx.StrictNamedArgs{"center": dataCenter, "kinds": readingProbes, "wait": wait})
		return err
	})
	if err != nil {
		return fmt.Errorf("probe later: %w", err)
	}
	return nil
}

// EndReading ends what kept a data centre from being read, and lets goOn ask for a run of each of its schemes in the
// same transaction: none waits for a pause or for its interval.
func (s *Conditions) EndReading(
	ctx context.Context, dataCenter, why string, goOn func(tx pgx.Tx, scheme string) error,
) error {
	err := InTx(ctx, s.pool, func(tx pgx.Tx) error {
		ended, err := EndConditions(ctx, tx, why, `o.data_center_id = @center and o.kind = any(@kinds)`,
			pgx.StrictNamedArgs{"center": dataCenter, "kinds": readingProbes})
		if err != nil || len(ended) == 0 {
			return err
		}
		rows, err := tx.Query(ctx, `
with gone_on as (
    update run_failure f set not_before = now()
    from scheme s where s.scheme = f.scheme and s.data_center_id = $1 and f.not_before > now()
)
select scheme from scheme where data_center_id = $1 and active order by scheme`, dataCenter)
		if err != nil {
			return err
		}
		schemes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, scheme := range schemes {
			if err := goOn(tx, scheme); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end what kept Kingdee from being read: %w", err)
	}
	return nil
}
