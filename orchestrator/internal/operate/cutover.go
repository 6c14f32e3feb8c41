package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// keepsOwn is how long a part may be missing from a scheme and keep the cutover that it had.
const keepsOwn = `interval '24 hours'`

// writeCutovers gives what this revision adds to the scheme a cutover of its own, in the transaction that stores the
// revision and has the scheme locked. It is a time by Kingdee's clock. A part that was taken out less than 24 hours ago
// keeps the one that it had, or none; and so does a warehouse for which bills wait: what happened there was never ours
// to forget. document is the revision's before.
//
// What was read since then was decided without the part, and no date will show that: it is decided again.
func writeCutovers(ctx context.Context, tx pgx.Tx, f SchemeFile, document string, revision int) error {
	if f.PartsOf == nil {
		return nil
	}
	before, err := f.PartsOf(document)
	if err != nil {
		return fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
	}
	at, since, err := cutoverNow(ctx, tx, f.Scheme)
	if err != nil || at.IsZero() {
		return err
	}
	left, err := leftLately(ctx, tx, f, revision)
	if err != nil {
		return err
	}
	again := time.Time{}
	for _, part := range f.Parts {
		if named(before, part) {
			continue
		}
		if when, lately := left.of(part); lately {
			again = earlier(again, when)
			continue
		}
		again = earlier(again, since)
		if waits, err := waitedFor(ctx, tx, f.Scheme, part); err != nil {
			return err
		} else if waits {
			if err := setCutover(ctx, tx, f.Scheme, part, nil, revision); err != nil {
				return err
			}
			continue
		}
		if err := setCutover(ctx, tx, f.Scheme, part, &at, revision); err != nil {
			return err
		}
		if part.Name != rule.Everything {
			continue
		}
		// Those that the scheme named one by one until now keep the cutovers that they had, or none.
		for _, own := range before {
			if own.Kind != part.Kind {
				continue
			}
			if _, err := tx.Exec(ctx, `
insert into scheme_cutover (scheme, kind, name, revision) values ($1, $2, $3, $4) on conflict do nothing`,
				f.Scheme, string(own.Kind), own.Name, revision); err != nil {
				return err
			}
		}
	}
	same := true
	if f.SameOrders != nil {
		if same, err = f.SameOrders(document); err != nil {
			return fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
		}
	}
	return decideAgain(ctx, tx, f.Scheme, again, same)
}

func setCutover(
	ctx context.Context, tx pgx.Tx, scheme string, part rule.Part, at *time.Time, revision int,
) error {
	_, err := tx.Exec(ctx, `
insert into scheme_cutover (scheme, kind, name, cutover_time, revision) values ($1, $2, $3, $4, $5)
on conflict (scheme, kind, name) do update set cutover_time = $4, revision = $5`,
		scheme, string(part.Kind), part.Name, at, revision)
	return err
}

// cutoverNow is the cutover of what is added now, by Kingdee's clock: that of the last header, less 30 s; and since
// when, by our clock, bills were read that may lie behind it. Zero before the baseline is complete: there is no past
// for a cutover to keep out.
func cutoverNow(ctx context.Context, tx pgx.Tx, scheme string) (at, since time.Time, err error) {
	err = tx.QueryRow(ctx, `
select date_trunc('second', coalesce(header_time - @margin::interval, watermark_time)),
       last_run_time - interval '10 minutes'
from watermark where scheme = @scheme`, pgx.StrictNamedArgs{
		"scheme": scheme, "margin": rule.ClockMargin,
	}).Scan(&at, &since)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return at, since, err
}

// leaving are parts that a scheme had not long ago, each with when it lost them.
type leaving map[rule.Part]time.Time

// of says whether a part was taken out lately, and when: by its own name, or among all.
func (l leaving) of(part rule.Part) (time.Time, bool) {
	if when, own := l[part]; own {
		return when, true
	}
	when, all := l[rule.Part{Kind: part.Kind, Name: rule.Everything}]
	return when, all
}

// leftLately are the parts that revisions before this one and the one before it had, and that were taken out less than
// 24 hours ago.
func leftLately(ctx context.Context, tx pgx.Tx, f SchemeFile, revision int) (leaving, error) {
	type row struct {
		Document string
		Left     time.Time
	}
	rows, err := ledger.ReadAll[row](ctx, tx, "read revisions", `
select r.document, n.create_time as left
from scheme_revision r join scheme_revision n on n.scheme = r.scheme and n.revision = r.revision + 1
where r.scheme = @scheme and r.revision < @revision::integer - 1 and n.create_time > now() - `+keepsOwn+`
order by r.revision desc`, pgx.StrictNamedArgs{"scheme": f.Scheme, "revision": revision})
	if err != nil {
		return nil, err
	}
	left := leaving{}
	for _, r := range rows {
		parts, err := f.PartsOf(r.Document)
		if err != nil {
			return nil, fmt.Errorf("scheme %s: an earlier revision: %w", f.Scheme, err)
		}
		for _, part := range parts {
			if _, later := left[part]; !later {
				left[part] = r.Left
			}
		}
	}
	return left, nil
}

// waitedFor says whether bills wait for a part: a warehouse that was not mapped.
func waitedFor(ctx context.Context, tx pgx.Tx, scheme string, part rule.Part) (waits bool, err error) {
	if part.Kind != rule.PartWarehouse {
		return false, nil
	}
	err = tx.QueryRow(ctx, `
select exists (
    select from work_item w join work_item_bill using (work_item_id)
    where w.scheme = $1 and w.kind = $2 and w.subject = $3 and w.close_time is null)`,
		scheme, string(rule.WorkNoWarehouse), part.Name).Scan(&waits)
	return waits, err
}

// decideAgain has bills that are not live read and decided again: those that were read since then, none for the zero
// time, and all that wait for a warehouse, which may be mapped now, or outside. One of which orders are owed already
// stays as it is, unless it waits and orders are made as before: what it owes was decided by the mapping of its day.
// One that waits and is gone is proved gone once more, and decided with that, because no read shows it.
func decideAgain(ctx context.Context, tx pgx.Tx, scheme string, since time.Time, same bool) error {
	if since.IsZero() {
		since = time.Now().Add(time.Hour)
	}
	_, err := tx.Exec(ctx, `
update bill b set reread_time = now(), update_time = now()
from (
    select b.bill_id, false as waits from bill b
    where b.scheme = $1 and b.read_time >= $2 and not (b.document_status = 'C' and b.cancel_status = 'A')
    union all
    select l.bill_id, true from work_item_bill l join work_item w using (work_item_id)
    where w.scheme = $1 and w.kind = $3 and w.close_time is null
) again
where b.scheme = $1 and b.bill_id = again.bill_id and (b.gone_time is null or again.waits)
  and (again.waits and $4 or not exists (
      select from cancellation c
      where c.scheme = b.scheme and c.bill_id = b.bill_id and c.generation = b.generation))`,
		scheme, since, string(rule.WorkNoWarehouse), same)
	return err
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// named says whether a part was in the scheme before: by its own name, or among all.
func named(before []rule.Part, part rule.Part) bool {
	return slices.Contains(before, part) || slices.Contains(before, rule.Part{Kind: part.Kind, Name: rule.Everything})
}
