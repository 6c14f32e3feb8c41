package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// storedColumns ask also for the newest revision that has the content @hash.
const storedColumns = `
select s.scheme, s.revision, s.active, s.form_id, s.data_center_id, s.wms_accounts as accounts, r.content_hash as hash,
       r.document, coalesce(m.environment, '') as environment,
       case when not s.active and s.retire_time < now() - interval '24 hours' then s.retire_time end as away_since,
       m.scheme is not null or exists (select from bill b where b.scheme = s.scheme) as bound,
       (select count(*) from unsettled_cancellation c
           where c.scheme = s.scheme and c.state in ('planned', 'open', 'held'))
           + (select count(*) from shared_cancellation c
               join unsettled_cancellation u on u.cancellation_id = c.same_order_as
               where c.scheme = s.scheme and u.state in ('planned', 'open', 'held')) as open_cancellations,
       coalesce((select max(o.revision) from scheme_revision o
                 where o.scheme = s.scheme and o.content_hash = @hash), 0) as same_as
from scheme s join scheme_revision r using (scheme, revision) left join watermark m using (scheme)`

// StoredSchemes answers every scheme that there ever was, by name, with its newest revision.
func StoredSchemes(ctx context.Context, db ledger.Reads) ([]ledger.StoredScheme, error) {
	return ledger.ReadAll[ledger.StoredScheme](ctx, db, "read schemes", storedColumns+`
order by s.scheme`, pgx.StrictNamedArgs{"hash": ""})
}

// StoredScheme answers one scheme, and which of its revisions has a content of this hash; ledger.ErrNotFound when there
// never was one of this name.
func StoredScheme(ctx context.Context, db ledger.Reads, scheme, hash string) (ledger.StoredScheme, error) {
	return ledger.ReadOne[ledger.StoredScheme](ctx, db, "read scheme", storedColumns+`
where s.scheme = @scheme`, pgx.StrictNamedArgs{"scheme": scheme, "hash": hash}, "scheme "+scheme)
}

// SchemeRevisions lists the revisions of a scheme, newest first, at most limit, those before the given number, 0 for
// all; ledger.ErrNotFound when there never was such a scheme.
func SchemeRevisions(
	ctx context.Context, db ledger.Reads, scheme string, before int32, limit int,
) ([]ledger.RevisionView, error) {
	views, err := ledger.ReadAll[ledger.RevisionView](ctx, db, "list revisions", `
select r.scheme, r.revision, r.actor, r.reason, r.create_time, r.content_hash as hash, r.document,
       coalesce(b.document, '') as before
from scheme_revision r left join scheme_revision b on b.scheme = r.scheme and b.revision = r.revision - 1
where r.scheme = @scheme and (@before::integer = 0 or r.revision < @before)
order by r.revision desc
limit @limit`, pgx.StrictNamedArgs{"scheme": scheme, "before": before, "limit": limit})
	if err == nil && len(views) == 0 && before == 0 {
		err = fmt.Errorf("scheme %s: %w", scheme, ledger.ErrNotFound)
	}
	return views, err
}

// SchemeDraft answers the draft of a scheme; ledger.ErrNotFound when there is none.
func SchemeDraft(ctx context.Context, db ledger.Reads, scheme string) (ledger.SchemeDraft, error) {
	return ledger.ReadOne[ledger.SchemeDraft](ctx, db, "read draft", `
select scheme, version, revision, document, actor, save_time from scheme_draft where scheme = @scheme`,
		pgx.StrictNamedArgs{"scheme": scheme}, "draft of "+scheme)
}

// SchemeDocument answers the text of one revision of a scheme, of the present one for 0. ledger.ErrNotFound when there
// is no such scheme, ledger.ErrNoRevision when it has no such revision.
func SchemeDocument(ctx context.Context, db ledger.Reads, scheme string, revision int) (string, error) {
	var document *string
	err := db.QueryRow(ctx, `
select r.document
from scheme s left join scheme_revision r on r.scheme = s.scheme
  and r.revision = coalesce(nullif($2::integer, 0), s.revision)
where s.scheme = $1`, scheme, revision).Scan(&document)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", fmt.Errorf("scheme %s: %w", scheme, ledger.ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("read document: %w", ledger.FaultOf(err))
	case document == nil:
		return "", fmt.Errorf("scheme %s, revision %d: %w", scheme, revision, ledger.ErrNoRevision)
	}
	return *document, nil
}

// EarlierOrders answers the revisions of a scheme that named the orders of their time, oldest first.
func EarlierOrders(ctx context.Context, db ledger.Reads, scheme string) (earlier []ledger.EarlierOrders, err error) {
	err = db.QueryRow(ctx, `select `+ledger.EarlierOrdersOf+` from scheme s where s.scheme = $1`, scheme).Scan(&earlier)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read earlier orders: %w", ledger.FaultOf(err))
	}
	return earlier, nil
}

// StoredBills answers the newest snapshot of each bill that was read in a stretch of time (zero is no limit), with the
// generation it belongs to, in order of the bills' ids: those behind after, at most limit.
func StoredBills(
	ctx context.Context, db ledger.Reads, scheme string, from, to time.Time, after int64, limit int,
) ([]ledger.StoredBill, error) {
	type row struct {
		Generation int
		Content    []byte
	}
	rows, err := ledger.ReadAll[row](ctx, db, "read stored bills", `
select i.generation, i.content
from bill b cross join lateral (
    select i.generation, i.content from bill_snapshot i where i.scheme = b.scheme and i.bill_id = b.bill_id
    order by i.generation desc limit 1
) i
where b.scheme = @scheme and b.bill_id > @after
  and (@from::timestamptz is null or b.read_time >= @from) and (@to::timestamptz is null or b.read_time < @to)
order by b.bill_id
limit @limit`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "after": after, "from": ledger.NullTime(from), "to": ledger.NullTime(to), "limit": limit,
		})
	if err != nil {
		return nil, err
	}
	bills := make([]ledger.StoredBill, len(rows))
	for i, r := range rows {
		bills[i].Generation = r.Generation
		if err := json.Unmarshal(r.Content, &bills[i].Bill); err != nil {
			return nil, fmt.Errorf("read stored bills: %w", err)
		}
	}
	return bills, nil
}
