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

// SchemeFile is what the loaded file says of one scheme.
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
	// Keys are the Kingdee keys that it names for columns of its form; KeysOf are those of an earlier revision's
	// document. Without it no key counts as changed.
	Keys   map[string]string
	KeysOf func(document string) (map[string]string, error)
}

// SyncSchemes writes the loaded file: each scheme whose content differs gets a new revision; schemes that are no longer
// in the file become inactive, and a person is told of what they still owe. A scheme whose form, data centre or
// accounts changed is refused once it has read anything, because its watermark and its cancellations would lie. It
// answers the revision of each scheme.
func (s *SchemeFiles) SyncSchemes(ctx context.Context, file []SchemeFile) (map[string]int, error) {
	revisions := map[string]int{}
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		names := make([]string, 0, len(file))
		for _, f := range file {
			revision, err := syncScheme(ctx, tx, f)
			if err != nil {
				return err
			}
			revisions[f.Scheme] = revision
			names = append(names, f.Scheme)
		}
		if _, err := tx.Exec(ctx, `update scheme set active = scheme = any($1), update_time = now() where active <> `+
			`(scheme = any($1))`, names); err != nil {
			return err
		}
		return ledger.InactiveWork(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("store schemes: %w", err)
	}
	return revisions, nil
}

func syncScheme(ctx context.Context, tx pgx.Tx, f SchemeFile) (int, error) {
	var revision int
	var form, dataCenter, hash, document string
	var accounts []string
	var bound bool
	err := tx.QueryRow(ctx, `
select s.revision, s.form_id, s.data_center_id, s.wms_accounts, r.content_hash, r.document,
       exists (select from watermark m where m.scheme = s.scheme)
           or exists (select from bill b where b.scheme = s.scheme) as bound
from scheme s join scheme_revision r using (scheme, revision)
where s.scheme = $1
for update of s`, f.Scheme).Scan(&revision, &form, &dataCenter, &accounts, &hash, &document, &bound)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		revision = 1
	case err != nil:
		return 0, err
	case bound && (form != f.FormID || dataCenter != f.DataCenterID || !slices.Equal(accounts, f.Accounts)):
		return 0, fmt.Errorf("scheme %s: form %s, data centre %s and WMS accounts %v are what its watermark and its "+
			"cancellations are true of; they cannot become %s, %s and %v: give the new scheme another name",
			f.Scheme, form, dataCenter, accounts, f.FormID, f.DataCenterID, f.Accounts)
	case hash == f.Hash:
		return revision, nil
	default:
		revision++
	}
	if _, err := tx.Exec(ctx, `
insert into scheme (scheme, title, form_id, data_center_id, wms_accounts, revision, incremental_millis)
values (@scheme, @title, @form, @data_center, @accounts, @revision, @real)
on conflict (scheme) do update set title = @title, form_id = @form, data_center_id = @data_center,
    wms_accounts = @accounts, revision = @revision,
    incremental_millis = case
        when exists (select from watermark where scheme = @scheme and environment = 'sandbox') then @sandbox::bigint
        else @real::bigint end,
    active = true, update_time = now()`,
		pgx.StrictNamedArgs{
			"scheme": f.Scheme, "title": f.Title, "form": f.FormID,
			"data_center": f.DataCenterID, "accounts": f.Accounts,
			"revision": revision, "real": f.IncrementalReal.Milliseconds(),
			"sandbox": f.IncrementalSandbox.Milliseconds(),
		}); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx,
		`insert into scheme_revision (scheme, revision, content_hash, document) values ($1, $2, $3, $4)`,
		f.Scheme, revision, f.Hash, f.Document)
	if err == nil {
		err = ledger.TellRevision(ctx, tx, f.Scheme, revision)
	}
	if err != nil || revision == 1 || !bound {
		// What never read anything has no past for a cutover to keep out.
		return revision, err
	}
	if err := readByOtherKeys(ctx, tx, f, document); err != nil {
		return 0, err
	}
	return revision, writeCutovers(ctx, tx, f, document, revision)
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
    reread_time = case when document_status = 'C' and cancel_status = 'A' then now() else reread_time end
where scheme = $1 and gone_time is null`, f.Scheme)
	return err
}
