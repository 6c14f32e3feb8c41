package operate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// SchemeFile is what a file says of one scheme.
type SchemeFile struct {
	Scheme, Title, FormID, DataCenterID string
	Accounts                            []string
	// IncrementalReal and IncrementalSandbox are the times between two passes on either kind of server; which one it
	// is, the watermark knows.
	IncrementalReal, IncrementalSandbox time.Duration
	Hash, Document                      string
	// Parts are the triggers, organisations, warehouses and orders that it names; PartsOf lists those of an earlier
	// revision's document. Without them nothing counts as added.
	Parts   []rule.Part
	PartsOf func(document string) ([]rule.Part, error)
	// Wanted are the orders that it asks for; nil: what ended before a cutover is told to nobody.
	Wanted Wanted
	// SinceOf are the warehouses of a document that say from when on they count; nil: none does.
	SinceOf func(document string) (map[string]time.Time, error)
	// SameOrders says whether an earlier revision's document names orders in the same way; nil says yes. Orders is what
	// a person said of it where it does not.
	SameOrders func(document string) (bool, error)
	Orders     ledger.Orders
	// SameClaims says whether bills claim the same orders by an earlier revision's document, as long as both name them
	// alike; nil says yes.
	SameClaims func(document string) (bool, error)
	// Warehouses are the warehouse table, OrganisationNames what people call stock organisations, by number.
	Warehouses        []SchemeWarehouse
	OrganisationNames map[string]string
	// Keys are the Kingdee keys that it names for columns of its form; KeysOf are those of an earlier revision's
	// document. Without it no key counts as changed.
	Keys   map[string]string
	KeysOf func(document string) (map[string]string, error)
}

// SchemeWarehouse is a row of a scheme's warehouse table: Kingdee's number and what people call it, the WMS account and
// the WMS's own code; without both where it is outside.
type SchemeWarehouse struct {
	Number  string `col:"number text"`
	Name    string `col:"name text"`
	Account string `col:"account text"`
	Code    string `col:"code text"`
	Outside bool   `col:"outside boolean"`
}

// LockSchemes lets one at a time change what schemes there are, and which revision is a scheme's newest, until the
// transaction ends.
func LockSchemes(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('voidrelay schemes', 0))`)
	return err
}

// ApplySchemes makes what these files say the newest revision of their schemes, by an act with who and why: each whose
// content differs gets a new revision, one that was retired is taken up again, and nothing is written of what is as it
// was. Schemes that no file names stay as they are. A scheme whose form, data centre or accounts changed is refused
// once it has read anything, because its watermark and its cancellations would lie.
func ApplySchemes(ctx context.Context, tx pgx.Tx, act ledger.Act, files []SchemeFile) error {
	if err := LockSchemes(ctx, tx); err != nil {
		return err
	}
	for _, f := range files {
		if err := applyScheme(ctx, tx, act, f); err != nil {
			return err
		}
	}
	return nil
}

// newest is the revision of a scheme that a file may follow.
type newest struct {
	Revision             int
	FormID, DataCenterID string
	Accounts             []string
	Hash, Document       string
	Bound, Active        bool
}

func applyScheme(ctx context.Context, tx pgx.Tx, act ledger.Act, f SchemeFile) error {
	var before newest
	err := tx.QueryRow(ctx, `
select s.revision, s.form_id, s.data_center_id, s.wms_accounts, r.content_hash, r.document,
       exists (select from watermark m where m.scheme = s.scheme)
           or exists (select from bill b where b.scheme = s.scheme) as bound, s.active
from scheme s join scheme_revision r using (scheme, revision)
where s.scheme = $1
for update of s`, f.Scheme).Scan(&before.Revision, &before.FormID, &before.DataCenterID, &before.Accounts,
		&before.Hash, &before.Document, &before.Bound, &before.Active)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return err
	case before.Bound && (before.FormID != f.FormID || before.DataCenterID != f.DataCenterID ||
		!slices.Equal(before.Accounts, f.Accounts)):
		return fmt.Errorf("scheme %s: form %s, data centre %s and WMS accounts %v are what its watermark and its "+
			"cancellations are true of; they cannot become %s, %s and %v: give the new scheme another name",
			f.Scheme, before.FormID, before.DataCenterID, before.Accounts, f.FormID, f.DataCenterID, f.Accounts)
	case before.Hash == f.Hash && before.Active:
		return nil
	}
	revision := before.Revision
	if before.Hash != f.Hash {
		revision++
		if err := storeRevision(ctx, tx, act, f, before, revision); err != nil {
			return err
		}
	} else if _, err := tx.Exec(ctx, `update scheme set active = true, update_time = now() where scheme = $1`,
		f.Scheme); err != nil {
		return err
	}
	if before.Revision > 0 && !before.Active {
		if err := holdWhileRetired(ctx, tx, f, revision); err != nil {
			return err
		}
	}
	act.Scheme = f.Scheme
	_, err = record(ctx, tx, ledger.ApplyScheme, act, nothing{}, applied{
		RevisionBefore: before.Revision, Revision: revision, Returned: before.Revision > 0 && !before.Active,
	})
	return err
}

// applied is what applying a file to one scheme came to.
type applied struct {
	RevisionBefore int  `json:"revision_before"`
	Revision       int  `json:"revision"`
	Returned       bool `json:"returned,omitempty"`
}

// storeRevision stores a revision that follows the one before, which is at 0 where there was none.
func storeRevision(
	ctx context.Context, tx pgx.Tx, act ledger.Act, f SchemeFile, before newest, revision int,
) error {
	if _, err := tx.Exec(ctx, `
insert into scheme (scheme, title, form_id, data_center_id, wms_accounts, revision, incremental_millis, triggers,
    organisations)
values (@scheme, @title, @form, @data_center, @accounts, @revision, @real, @triggers, @organisations)
on conflict (scheme) do update set title = @title, form_id = @form, data_center_id = @data_center,
    wms_accounts = @accounts, revision = @revision, triggers = @triggers, organisations = @organisations,
    incremental_millis = case
        when exists (select from watermark where scheme = @scheme and environment = 'sandbox') then @sandbox::bigint
        else @real::bigint end,
    active = true, update_time = now()`,
		pgx.StrictNamedArgs{
			"scheme": f.Scheme, "title": f.Title, "form": f.FormID,
			"data_center": f.DataCenterID, "accounts": f.Accounts,
			"revision": revision, "real": f.IncrementalReal.Milliseconds(),
			"sandbox":  f.IncrementalSandbox.Milliseconds(),
			"triggers": namesOf(f.Parts, rule.PartTrigger), "organisations": namesOf(f.Parts, rule.PartOrganisation),
		}); err != nil {
		return err
	}
	orders, since, err := saidOf(ctx, tx, f, before)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
insert into scheme_revision (scheme, revision, content_hash, document, actor, reason, orders, orders_from)
values ($1, $2, $3, $4, $5, $6, $7, $8)`, f.Scheme, revision, f.Hash, f.Document, act.Actor, act.Reason,
		string(orders), ledger.NullTime(since)); err != nil {
		return err
	}
	if err := writeNames(ctx, tx, f); err != nil {
		return err
	}
	if err := ledger.TellRevision(ctx, tx, f.Scheme, revision); err != nil {
		return err
	}
	if revision == 1 || !before.Bound {
		// What never read anything has no past for a cutover to keep out.
		_, err := writeSince(ctx, tx, f, "", revision, map[rule.Part]time.Time{})
		return err
	}
	if err := readByOtherKeys(ctx, tx, f, before.Document); err != nil {
		return err
	}
	if err := beginRemap(ctx, tx, f, before.Document, revision, orders); err != nil {
		return err
	}
	if err := readAnew(ctx, tx, f, before.Document); err != nil {
		return err
	}
	if err := takeUp(ctx, tx, f, before.Document); err != nil {
		return err
	}
	return writeCutovers(ctx, tx, f, before.Document, revision)
}

// namesOf are the names of the parts of a kind; none where they stand for all.
func namesOf(parts []rule.Part, kind rule.PartKind) []string {
	names := []string{}
	for _, part := range parts {
		switch {
		case part.Kind != kind || part == rule.PartClosed:
		case part.Name == rule.Everything:
			return []string{}
		default:
			names = append(names, part.Name)
		}
	}
	return names
}

// readAnew lets the next run decide anew whatever is not settled, where this revision takes parts out that document,
// the revision's before, has: what is owed no longer is withdrawn then. Until that nothing leaves for what the revision
// before let go. What is owed of a warehouse or an order kind that is taken out is withdrawn at once: what the scheme
// does not list is not cancelled. What may have landed of it is a person's to look at.
func readAnew(ctx context.Context, tx pgx.Tx, f SchemeFile, document string) error {
	if f.PartsOf == nil {
		return nil
	}
	before, err := f.PartsOf(document)
	if err != nil {
		return fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
	}
	out := slices.DeleteFunc(before, func(part rule.Part) bool { return named(f.Parts, part) })
	if len(out) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `
with unsettled as (
    update unsettled_cancellation set verified_time = 'epoch' where scheme = $1
    returning bill_id
)
update bill b set reread_time = now()
where b.scheme = $1 and b.bill_id in (
    select bill_id from unsettled
    union
    select bill_id from shared_cancellation where scheme = $1)`, f.Scheme); err != nil {
		return err
	}
	return ledger.WithdrawParts(ctx, tx, f.Scheme, namesOf(out, rule.PartWarehouse), namesOf(out, rule.PartOrderKind))
}

// takeUp lets the next run decide anew what was withdrawn because its warehouse or its order kind had been taken out,
// where this revision brings that back, and has what a person was to look at asked again. A bill that is gone from
// Kingdee is proved gone once more, and decided with that.
func takeUp(ctx context.Context, tx pgx.Tx, f SchemeFile, document string) error {
	if f.PartsOf == nil {
		return nil
	}
	before, err := f.PartsOf(document)
	if err != nil {
		return fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
	}
	added := slices.DeleteFunc(slices.Clone(f.Parts), func(part rule.Part) bool { return named(before, part) })
	warehouses, kinds := namesOf(added, rule.PartWarehouse), namesOf(added, rule.PartOrderKind)
	if len(warehouses)+len(kinds) == 0 {
		return nil
	}
	if err := ledger.TakeUpParts(ctx, tx, f.Scheme, warehouses, kinds); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
update bill b set reread_time = now()
from cancellation c join outcome e using (cancellation_id)
where c.scheme = $1 and b.scheme = $1 and b.bill_id = c.bill_id and e.revoke_time is null
  and e.state = 'withdrawn' and e.outcome = 'not_in_scheme' and (c.warehouse_number = any($2)
    or concat_ws('.', nullif(c.bill_kind, ''), c.direction) = any($3))`, f.Scheme, warehouses, kinds)
	return err
}

// saidOf is what a person said of a revision that names orders otherwise than the one before, empty where it does not,
// and, where it does from now on, since when by Kingdee's clock.
func saidOf(
	ctx context.Context, tx pgx.Tx, f SchemeFile, before newest,
) (orders ledger.Orders, since time.Time, err error) {
	if !before.Bound || f.SameOrders == nil {
		return "", since, nil
	}
	same, err := f.SameOrders(before.Document)
	switch {
	case err != nil:
		return "", since, fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
	case same:
		return "", since, nil
	case f.Orders == "":
		return "", since, &ledger.UnsaidError{Scheme: f.Scheme}
	case f.Orders == ledger.OrdersFromNow:
		var now clockNow
		now, err = cutoverNow(ctx, tx, f.Scheme)
		since = now.cutover
	}
	return f.Orders, since, err
}

// beginRemap begins a run that maps stored snapshots by this revision, where that changes what bills claim; one that is
// under way begins anew. Until it has ended the scheme sends nothing.
func beginRemap(
	ctx context.Context, tx pgx.Tx, f SchemeFile, document string, revision int, orders ledger.Orders,
) error {
	tag, err := tx.Exec(ctx, `
update run r set revision = $2, cursor_id = 0, run_counts = '{}', version = version + 1
from scheme s
where s.scheme = $1 and r.run_id = s.remap_run_id and r.end_time is null`, f.Scheme, revision)
	if err != nil || tag.RowsAffected() > 0 || f.SameClaims == nil {
		return err
	}
	same, err := f.SameClaims(document)
	if err != nil || same && orders != ledger.OrdersCorrected {
		return err
	}
	run := &ledger.Run{Scheme: f.Scheme, Kind: ledger.Remap, Revision: revision, Asked: true}
	if err := ledger.InsertRun(ctx, tx, run); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update scheme set remap_run_id = $2 where scheme = $1`, f.Scheme, run.ID)
	return err
}

// readByOtherKeys makes the ledger ready for values of other keys, where this revision names others than document, the
// revision's before. That a date differs then does not tell what happened to the bill, and begins no other generation,
// once. A live bill is read whole again: its snapshot has the values of the keys before, and no date shows that.
func readByOtherKeys(ctx context.Context, tx pgx.Tx, f SchemeFile, document string) error {
	if f.KeysOf == nil {
		return nil
	}
	before, err := f.KeysOf(document)
	if err != nil {
		return fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
	}
	if maps.Equal(before, f.Keys) {
		return nil
	}
	_, err = tx.Exec(ctx, `
update bill
set generation_approve = null, generation_cancel = null, update_time = now(),
    bill_create_time = case when $2 then null else bill_create_time end,
    reread_time = case when document_status = 'C' and cancel_status = 'A' then now() else reread_time end
where scheme = $1 and gone_time is null`, f.Scheme, before["create_time"] != f.Keys["create_time"])
	return err
}

// Retire ends a scheme: it is read and sent for no more, what it still owes is withdrawn, and the conditions that would
// have ended by themselves end with it. What is in flight finishes and is written to its attempt. It answers what
// ends, or would where dryRun says to do nothing. A scheme that is retired already stays so, and nothing ends.
func Retire(
	ctx context.Context, tx pgx.Tx, act ledger.Act, dryRun bool,
) (ended ledger.Retired, err error) {
	if err := LockSchemes(ctx, tx); err != nil {
		return ended, err
	}
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return ended, err
	}
	if err := tx.QueryRow(ctx, `
select s.revision, s.active,
       (select count(*) from unsettled_cancellation c where c.scheme = s.scheme and s.active)
           + (select count(*) from shared_cancellation c where c.scheme = s.scheme and s.active) as cancellations,
       (select count(*) from unsettled_cancellation c
           where c.scheme = s.scheme and s.active and c.lease_until > now())
           + (select count(*) from shared_cancellation c
           where c.scheme = s.scheme and s.active and c.lease_until > now()) as in_flight,
       (select count(*) from claim k where k.scheme = s.scheme and s.active) as claims
from scheme s where s.scheme = $1`, act.Scheme).Scan(
		&ended.Revision, &ended.Active, &ended.Cancellations, &ended.InFlight, &ended.Claims); err != nil {
		return ended, err
	}
	if dryRun || !ended.Active {
		return ended, nil
	}
	const why = "the scheme is retired"
	if _, err := tx.Exec(ctx, `
with failed as (
    update run r set version = version + 1, state = 'failed', end_time = now(), error = $2
    where r.scheme = $1 and r.end_time is null
    returning run_id, scheme, kind, state
), told as (`+ledger.RunEvents("failed")+`
)
update scheme set active = false, retire_time = now(), remap_run_id = null, update_time = now() where scheme = $1`,
		act.Scheme, why); err != nil {
		return ended, err
	}
	withdrawn, err := ledger.WithdrawScheme(ctx, tx, act.Scheme)
	if err != nil {
		return ended, err
	}
	ended.Cancellations = int64(len(withdrawn))
	if err := ledger.CloseCancellationWork(ctx, tx, withdrawn, why); err != nil {
		return ended, err
	}
	if err := intake.CloseHolds(ctx, tx, act.Scheme, why); err != nil {
		return ended, err
	}
	if _, err := ledger.EndConditions(ctx, tx, why, `o.scheme = @scheme and not o.by_person`,
		pgx.StrictNamedArgs{"scheme": act.Scheme}); err != nil {
		return ended, err
	}
	_, err = record(ctx, tx, ledger.RetireScheme, act, nothing{}, ended, withdrawn...)
	return ended, err
}
