package query

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// StoredSchemes answers every scheme that was ever loaded, by name, for a preview of what another file would change.
func (r *Reader) StoredSchemes(ctx context.Context) ([]ledger.StoredScheme, error) {
	return ledger.ReadAll[ledger.StoredScheme](ctx, r.pool, "read schemes", `
select s.scheme, s.revision, s.active, s.form_id, s.data_center_id, s.wms_accounts as accounts, r.content_hash as hash,
       r.document, coalesce(m.environment, '') as environment,
       m.scheme is not null or exists (select from bill b where b.scheme = s.scheme) as bound,
       (select count(*) from unsettled_cancellation c
           where c.scheme = s.scheme and c.state in ('planned', 'open', 'held')) as open_cancellations
from scheme s join scheme_revision r using (scheme, revision) left join watermark m using (scheme)
order by s.scheme`, pgx.StrictNamedArgs{})
}
