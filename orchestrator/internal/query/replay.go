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

// SchemeDocument answers the text of one revision of a scheme, of the present one for 0. ledger.ErrNotFound when there
// is no such scheme, ledger.ErrNoRevision when it has no such revision.
func (r *Reader) SchemeDocument(ctx context.Context, scheme string, revision int) (string, error) {
	var document *string
	err := r.pool.QueryRow(ctx, `
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

// StoredBills answers the newest snapshot of each bill that was read in a stretch of time (zero is no limit), with the
// generation it belongs to, in order of the bills' ids: those behind after, at most limit.
func (r *Reader) StoredBills(
	ctx context.Context, scheme string, from, to time.Time, after int64, limit int,
) ([]ledger.StoredBill, error) {
	type row struct {
		Generation int
		Content    []byte
	}
	rows, err := ledger.ReadAll[row](ctx, r.pool, "read stored bills", `
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
