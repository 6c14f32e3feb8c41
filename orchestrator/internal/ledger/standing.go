package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Schemes reads how schemes stand, and stops them. Safe for concurrent use.
type Schemes struct {
	pool *pgxpool.Pool
}

// NewSchemes reads through a pool that Open made.
func NewSchemes(pool *pgxpool.Pool) *Schemes { return &Schemes{pool: pool} }

// Scheme answers a scheme's standing; ErrNotFound when there is none of this name.
func (s *Schemes) Scheme(ctx context.Context, name string) (Scheme, error) {
	return schemeStanding(ctx, s.pool, name)
}

// StandingIn is Scheme as a transaction sees it, for an act that depends on it.
func (s *Schemes) StandingIn(ctx context.Context, tx pgx.Tx, name string) (Scheme, error) {
	return StandingIn(ctx, tx, name)
}

// StandingIn answers a scheme's standing as a transaction sees it; ErrNotFound when there is none of this name.
func StandingIn(ctx context.Context, tx pgx.Tx, name string) (Scheme, error) {
	return schemeStanding(ctx, tx, name)
}

func schemeStanding(ctx context.Context, db Reads, name string) (Scheme, error) {
	rows, err := db.Query(ctx, `
select s.scheme, s.revision, s.data_center_id, coalesce(o.stop_reason, '') as stop_reason, s.mode = 'send' as send,
       s.send_since,
       m.watermark_time, m.version, m.data_center_id as watermark_data_center, m.environment, m.effective_from,
       m.time_zone, m.restored_to, m.restored_told, exists (select from condition o where `+RestsReading+`) as rests,
       exists (select from condition o where o.end_time is null and o.kind = 'clock_ahead'
           and o.data_center_id = s.data_center_id) as clock_ahead,
       (select max(o.end_time) from condition o where o.kind = 'clock_ahead'
           and o.data_center_id = s.data_center_id) as clock_fits,
       coalesce((
           select max(c.lag_seconds) * interval '1 second'
           from condition o join scheme d on d.data_center_id = o.data_center_id
           join run r on r.scheme = d.scheme and r.kind in ('recheck', 'reconcile')
               and r.start_time > o.since - interval '1 day'
           join run_comparison c using (run_id)
           where o.end_time is null and o.kind = 'clock_behind' and o.data_center_id = s.data_center_id),
           interval '0') as lag,
       coalesce(f.failures, 0) as failures, f.not_before,
       (select coalesce(jsonb_agg(jsonb_build_object('kind', o.kind, 'name', o.name, 'time', o.cutover_time,
           'from', o.gap_from, 'until', o.gap_until)), '[]')
           from scheme_cutover o where o.scheme = s.scheme) as cutovers
from scheme s left join watermark m using (scheme) left join run_failure f using (scheme)
left join lateral (`+StopReason+`) o on true
where s.scheme = $1`, name)
	if err != nil {
		return Scheme{}, fmt.Errorf("read scheme: %w", FaultOf(err))
	}
	type row struct {
		Scheme              string
		Revision            int
		DataCenterID        string
		StopReason          string
		Rests, ClockAhead   bool
		ClockFits           time.Time
		Lag                 time.Duration
		Send                bool
		SendSince           time.Time
		WatermarkTime       time.Time
		Version             *int64
		WatermarkDataCenter *string
		Environment         *string
		EffectiveFrom       time.Time
		TimeZone            *string
		RestoredTo          time.Time
		RestoredTold        time.Time
		Failures            int
		NotBefore           time.Time
		Cutovers            []byte
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return Scheme{}, fmt.Errorf("scheme %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return Scheme{}, fmt.Errorf("read scheme: %w", FaultOf(err))
	}
	scheme := Scheme{
		Scheme: r.Scheme, Revision: r.Revision, DataCenterID: r.DataCenterID,
		Stopped: r.StopReason != "", StopReason: r.StopReason, Rests: r.Rests, ClockAhead: r.ClockAhead,
		ClockFits: r.ClockFits,
		Lag:       r.Lag,
		Restored:  Restored{To: r.RestoredTo, Told: r.RestoredTold},
		Send:      r.Send, SendSince: r.SendSince, Failures: r.Failures, NotBefore: r.NotBefore,
	}
	if !r.WatermarkTime.IsZero() {
		scheme.Watermark = &Watermark{
			Time: r.WatermarkTime, Version: *r.Version, DataCenterID: *r.WatermarkDataCenter,
			Environment: *r.Environment, EffectiveFrom: r.EffectiveFrom,
			TimeZone: *r.TimeZone,
		}
	}
	if scheme.Cutovers, scheme.Gaps, err = cutoversOf(r.Cutovers); err != nil {
		return Scheme{}, fmt.Errorf("read scheme: %w", err)
	}
	return scheme, nil
}

// NewestScheme is the newest revision of a scheme that is not retired.
type NewestScheme struct {
	Scheme   string
	Revision int
	// Document is the scheme's own YAML text; empty where the caller has this revision.
	Document string
	// Earlier are revisions that named the orders of their time, oldest first; none where the caller has this revision.
	Earlier []EarlierOrders
}

// NewestSchemes answers the newest revision of every scheme that is not retired, by name. known are the revisions that
// the caller has, whose documents it does not need.
func (s *Schemes) NewestSchemes(ctx context.Context, known map[string]int) ([]NewestScheme, error) {
	names, revisions := make([]string, 0, len(known)), make([]int, 0, len(known))
	for name, revision := range known {
		names, revisions = append(names, name), append(revisions, revision)
	}
	return ReadAll[NewestScheme](ctx, s.pool, "read newest revisions", `
select s.scheme, s.revision, case when k.scheme is null then r.document else '' end as document,
       case when k.scheme is null then `+EarlierOrdersOf+` end as earlier
from scheme s join scheme_revision r using (scheme, revision)
left join unnest(@names::text[], @revisions::integer[]) as k (scheme, revision)
    on k.scheme = s.scheme and k.revision = s.revision
where s.active
order by s.scheme`, pgx.StrictNamedArgs{"names": names, "revisions": revisions})
}

// NewestSchemeIn answers the newest revision of a scheme, also of one that is retired; ErrNotFound where there is none.
func NewestSchemeIn(ctx context.Context, db Reads, scheme string) (NewestScheme, error) {
	found, err := ReadAll[NewestScheme](ctx, db, "read newest revision", `
select s.scheme, s.revision, r.document, `+EarlierOrdersOf+` as earlier
from scheme s join scheme_revision r using (scheme, revision)
where s.scheme = @scheme`, pgx.StrictNamedArgs{"scheme": scheme})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("scheme %s: %w", scheme, ErrNotFound)
	}
	if err != nil {
		return NewestScheme{}, err
	}
	return found[0], nil
}

// EarlierOrdersOf are the EarlierOrders of a scheme s, as JSON; null where it has none.
const EarlierOrdersOf = `(
    select jsonb_agg(jsonb_build_object('until', n.revision, 'from', n.orders_from,
        'document', o.document) order by n.revision)
    from scheme_revision n join scheme_revision o on o.scheme = n.scheme and o.revision = n.revision - 1
    where n.scheme = s.scheme and n.orders = 'from_now')`

// Remapping answers the schemes whose stored snapshots are being mapped anew.
func (s *Schemes) Remapping(ctx context.Context) ([]string, error) {
	type row struct{ Scheme string }
	rows, err := ReadAll[row](ctx, s.pool, "read remaps", `
select scheme from scheme where active and remap_run_id is not null`, pgx.StrictNamedArgs{})
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Scheme
	}
	return names, err
}

// StopScheme stops reading and sending for a scheme until a person resumes it.
func (s *Schemes) StopScheme(ctx context.Context, name, reason, detail string) error {
	err := InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := OpenCondition(ctx, tx, Condition{
			Kind: rule.ConditionSchemeStopped, Scheme: name, Reason: reason, Detail: detail,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("stop scheme: %w", err)
	}
	return nil
}

// BindAccount keeps the sid behind a WMS account name with the scheme's watermark, the first time it is met, and
// answers the one that is kept.
func (s *Schemes) BindAccount(ctx context.Context, scheme, account, sid string) (string, error) {
	var kept string
	if err := s.pool.QueryRow(ctx, `
with bound as (
    update watermark set wms_sids = wms_sids || jsonb_build_object($2::text, $3::text)
    where scheme = $1 and not (wms_sids ? $2)
    returning wms_sids ->> $2 as sid
)
select coalesce((select sid from bound), (select wms_sids ->> $2 from watermark where scheme = $1))`,
		scheme, account, sid).Scan(&kept); err != nil {
		return "", fmt.Errorf("bind account: %w", err)
	}
	return kept, nil
}

// cutoversOf reads the cutovers and gaps of a scheme as a query aggregated them.
func cutoversOf(encoded []byte) (rule.Cutovers, rule.Gaps, error) {
	var rows []struct {
		Kind        rule.PartKind
		Name        string
		Time        time.Time
		From, Until time.Time
	}
	if err := json.Unmarshal(encoded, &rows); err != nil {
		return nil, nil, fmt.Errorf("cutovers: %w", err)
	}
	cutovers, gaps := make(rule.Cutovers, len(rows)), make(rule.Gaps, len(rows))
	for _, r := range rows {
		part := rule.Part{Kind: r.Kind, Name: r.Name}
		cutovers[part], gaps[part] = r.Time, rule.Gap{From: r.From, Until: r.Until}
	}
	return cutovers, gaps, nil
}
