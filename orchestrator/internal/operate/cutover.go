package operate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// keepsOwn is how long a part may be missing from a scheme and keep the cutover that it had.
const keepsOwn = `interval '24 hours'`

// writeCutovers gives what this revision adds to the scheme a cutover of its own, in the transaction that stores the
// revision and has the scheme locked. It is a time by Kingdee's clock. A part that was in the scheme before keeps the
// one that it had, or none; what happened while it was away is held, where that was longer than 24 hours. A warehouse
// for which bills wait has none: what happened there was never ours to forget. One that says since when it counts
// counts from then. document is the revision's before.
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
	now, err := cutoverNow(ctx, tx, f.Scheme)
	if err != nil {
		return err
	}
	cutovers := map[rule.Part]time.Time{}
	if now.cutover.IsZero() {
		_, err := writeSince(ctx, tx, f, document, revision, cutovers)
		return err
	}
	left, err := leftBefore(ctx, tx, f.Scheme, f.PartsOf, revision)
	if err != nil {
		return err
	}
	again, at := time.Time{}, now.cutover
	for _, part := range f.Parts {
		if named(before, part) {
			continue
		}
		when, had := left.of(part)
		if had && when.After(now.lately) {
			again = earlier(again, when)
			continue
		}
		again = earlier(again, now.read)
		if waits, err := waitedFor(ctx, tx, f.Scheme, part); err != nil {
			return err
		} else if waits {
			if err := setCutover(ctx, tx, f.Scheme, part, nil, revision); err != nil {
				return err
			}
			continue
		}
		if had {
			again = earlier(again, when)
			from := when.Add(now.ahead - rule.ClockMargin)
			if err := setGap(ctx, tx, f.Scheme, part, from, at, revision); err != nil {
				return err
			}
			if err := proveAgain(ctx, tx, f, from, at); err != nil {
				return err
			}
		} else if err := setCutover(ctx, tx, f.Scheme, part, &at, revision); err != nil {
			return err
		} else {
			cutovers[part] = at
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
	since, err := writeSince(ctx, tx, f, document, revision, cutovers)
	if err != nil {
		return err
	}
	if err := tellEnded(ctx, tx, f, cutovers, namesOf(before, rule.PartOrganisation)); err != nil {
		return err
	}
	if err := decideSince(ctx, tx, f.Scheme, since); err != nil {
		return err
	}
	return decideAgain(ctx, tx, f.Scheme, again)
}

func setCutover(
	ctx context.Context, tx pgx.Tx, scheme string, part rule.Part, at *time.Time, revision int,
) error {
	_, err := tx.Exec(ctx, `
insert into scheme_cutover (scheme, kind, name, cutover_time, revision) values ($1, $2, $3, $4, $5)
on conflict (scheme, kind, name) do update set cutover_time = $4, gap_from = null, gap_until = null, revision = $5`,
		scheme, string(part.Kind), part.Name, at, revision)
	return err
}

// writeSince gives warehouses that say from when on they count that cutover, where the document of the revision before
// does not say the same, and answers the earliest of these; zero for none. They are noted among cutovers.
func writeSince(
	ctx context.Context, tx pgx.Tx, f SchemeFile, document string, revision int, cutovers map[rule.Part]time.Time,
) (earliest time.Time, err error) {
	if f.SinceOf == nil {
		return earliest, nil
	}
	said, err := f.SinceOf(f.Document)
	if err != nil || len(said) == 0 {
		return earliest, err
	}
	before := map[string]time.Time{}
	if document != "" {
		if before, err = f.SinceOf(document); err != nil {
			return earliest, fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(said)) {
		at := said[number]
		if had, same := before[number]; same && had.Equal(at) {
			continue
		}
		part := rule.Part{Kind: rule.PartWarehouse, Name: number}
		if err := setCutover(ctx, tx, f.Scheme, part, &at, revision); err != nil {
			return earliest, err
		}
		earliest, cutovers[part] = earlier(earliest, at), at
	}
	return earliest, nil
}

// decideSince has bills read and decided again that ended at that time or later, by any of their dates; none for the
// zero time. A date may have no time of day.
func decideSince(ctx context.Context, tx pgx.Tx, scheme string, since time.Time) error {
	if since.IsZero() {
		return nil
	}
	_, err := tx.Exec(ctx, `
update bill b set reread_time = now(), update_time = now()
where b.scheme = $1 and not (b.document_status = 'C' and b.cancel_status = 'A') and b.gone_time is null
  and (greatest(b.bill_create_time, b.modify_time, b.approve_time, b.cancel_time) >= $2::timestamptz - interval '1 day'
    or b.un_audit_time >= $2)`, scheme, since)
	return err
}

// setGap notes when a part was away that is back, by Kingdee's clock. It keeps the cutover that it had, or none.
func setGap(
	ctx context.Context, tx pgx.Tx, scheme string, part rule.Part, from, until time.Time, revision int,
) error {
	_, err := tx.Exec(ctx, `
insert into scheme_cutover (scheme, kind, name, gap_from, gap_until, revision) values ($1, $2, $3, $4, $5, $6)
on conflict (scheme, kind, name) do update set gap_from = $4, gap_until = $5, revision = $6`,
		scheme, string(part.Kind), part.Name, from, until, revision)
	return err
}

// holdWhileRetired has what happened while a scheme was retired held, where that was longer than 24 hours and it had
// read something before: until it is taken up again by this revision, and for deletions and un-audits, which only the
// first recheck after that shows where no date tells of them, an hour longer. Every bill is decided by a trigger, so
// that the triggers are away.
func holdWhileRetired(ctx context.Context, tx pgx.Tx, f SchemeFile, revision int) error {
	now, err := cutoverNow(ctx, tx, f.Scheme)
	if err != nil || now.cutover.IsZero() {
		return err
	}
	var retired, at time.Time
	if err := tx.QueryRow(ctx, `select coalesce(retire_time, now()), now() from scheme where scheme = $1`,
		f.Scheme).Scan(&retired, &at); err != nil {
		return err
	}
	if retired.After(now.lately) {
		return nil
	}
	for _, part := range f.Parts {
		if part.Kind != rule.PartTrigger {
			continue
		}
		until := at.Add(now.ahead)
		if part.Name == string(rule.TriggerUnAudited) || part.Name == string(rule.TriggerDeleted) {
			until = until.Add(time.Hour)
		}
		from := retired.Add(now.ahead - rule.ClockMargin)
		if err := setGap(ctx, tx, f.Scheme, part, from, until, revision); err != nil {
			return err
		}
	}
	return nil
}

// clockNow is where a scheme stands when a revision is stored.
type clockNow struct {
	// cutover is that of what is added now, by Kingdee's clock: that of the last header, less 30 s. Zero before the
	// baseline is complete: there is no past for a cutover to keep out.
	cutover time.Time
	// read is since when, by our clock, bills were read that may lie behind it; lately what is less than 24 hours ago.
	read, lately time.Time
	// ahead is how far Kingdee's clock is ahead of ours.
	ahead time.Duration
}

// cutoverNow asks where a scheme stands.
func cutoverNow(ctx context.Context, db ledger.Reads, scheme string) (now clockNow, err error) {
	err = db.QueryRow(ctx, `
select date_trunc('second', coalesce(header_time - @margin::interval, watermark_time)),
       last_run_time - interval '10 minutes', now() - `+keepsOwn+`,
       coalesce(header_time - last_run_time, interval '0')
from watermark where scheme = @scheme`, pgx.StrictNamedArgs{
		"scheme": scheme, "margin": rule.ClockMargin,
	}).Scan(&now.cutover, &now.read, &now.lately, &now.ahead)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return now, err
}

// leaving are parts that a scheme had, each with when it lost them last.
type leaving map[rule.Part]time.Time

// of says whether a part was taken out, and when last: by its own name, or among all.
func (l leaving) of(part rule.Part) (time.Time, bool) {
	if when, own := l[part]; own {
		return when, true
	}
	when, all := l[rule.Part{Kind: part.Kind, Name: rule.Everything}]
	return when, all
}

// leftBefore are the parts that revisions before this one and the one before it had.
func leftBefore(
	ctx context.Context, db ledger.Reads, scheme string, partsOf func(string) ([]rule.Part, error), revision int,
) (leaving, error) {
	type row struct {
		Document string
		Left     time.Time
	}
	rows, err := ledger.ReadAll[row](ctx, db, "read revisions", `
select r.document, n.create_time as left
from scheme_revision r join scheme_revision n on n.scheme = r.scheme and n.revision = r.revision + 1
where r.scheme = @scheme and r.revision < @revision::integer - 1
order by r.revision desc`, pgx.StrictNamedArgs{"scheme": scheme, "revision": revision})
	if err != nil {
		return nil, err
	}
	left := leaving{}
	for _, r := range rows {
		parts, err := partsOf(r.Document)
		if err != nil {
			return nil, fmt.Errorf("scheme %s: an earlier revision: %w", scheme, err)
		}
		for _, part := range parts {
			if _, later := left[part]; !later {
				left[part] = r.Left
			}
		}
	}
	return left, nil
}

// Returning are the parts among these that were in the scheme once and are not in the revision before the given one,
// for longer than a day: since when, and what bills that have ended meanwhile owe through the part, which is held.
// parts are all that the scheme names, wanted the orders that it asks for.
func Returning(
	ctx context.Context, db ledger.Reads, scheme string, added, parts []rule.Part,
	partsOf func(string) ([]rule.Part, error), wanted Wanted, revision int,
) (returned []ledger.ReturnedPart, err error) {
	now, err := cutoverNow(ctx, db, scheme)
	if err != nil || now.cutover.IsZero() {
		return nil, err
	}
	left, err := leftBefore(ctx, db, scheme, partsOf, revision)
	if err != nil {
		return nil, err
	}
	for _, part := range added {
		when, had := left.of(part)
		if !had || when.After(now.lately) {
			continue
		}
		if waits, err := waitedFor(ctx, db, scheme, part); err != nil || waits {
			if err != nil {
				return nil, err
			}
			continue
		}
		r := ledger.ReturnedPart{Part: part, Since: when}
		e := endings{
			Scheme: scheme, Part: part, Triggers: namesOf(parts, rule.PartTrigger), Wanted: wanted,
			From: when.Add(now.ahead - rule.ClockMargin), Until: now.cutover,
		}
		if err := e.each(ctx, db, func(_ ledger.NumberedBill, orders int64) {
			r.Bills++
			r.Orders += orders
		}); err != nil {
			return nil, ledger.FaultOf(err)
		}
		returned = append(returned, r)
	}
	return returned, nil
}

// waitedFor says whether bills wait for a part: a warehouse that was not mapped.
func waitedFor(ctx context.Context, db ledger.Reads, scheme string, part rule.Part) (waits bool, err error) {
	if part.Kind != rule.PartWarehouse {
		return false, nil
	}
	err = db.QueryRow(ctx, `
select exists (
    select from work_item w join work_item_bill using (work_item_id)
    where w.scheme = $1 and w.kind = $2 and w.subject = $3 and w.close_time is null)`,
		scheme, string(rule.WorkNoWarehouse), part.Name).Scan(&waits)
	return waits, err
}

// decideAgain has bills that are not live read and decided again: those that were read since then, none for the zero
// time, and all that wait for a warehouse, which may be mapped now, or outside. What is owed of one already stays as it
// is: it is known by its kind and its warehouse, whatever the mapping makes of them by now. One that waits and is gone
// is proved gone once more, and decided with that, because no read shows it.
func decideAgain(ctx context.Context, tx pgx.Tx, scheme string, since time.Time) error {
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
where b.scheme = $1 and b.bill_id = again.bill_id and (b.gone_time is null or again.waits)`,
		scheme, since, string(rule.WorkNoWarehouse))
	return err
}

// proveAgain has bills decided again that were proved gone while a part was away, where the scheme acts on that. No
// read shows them, so that each is proved gone once more, and decided with that.
func proveAgain(ctx context.Context, tx pgx.Tx, f SchemeFile, from, until time.Time) error {
	if !slices.Contains(f.Parts, rule.Part{Kind: rule.PartTrigger, Name: string(rule.TriggerDeleted)}) {
		return nil
	}
	_, err := tx.Exec(ctx, `
update bill b set reread_time = now(), update_time = now()
where b.scheme = $1 and b.class = 'deleted' and b.absent_since >= $2 and b.absent_since < $3`, f.Scheme, from, until)
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
