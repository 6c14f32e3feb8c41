package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

const runColumns = `
select p.run_id, p.scheme, p.kind, p.state, p.revision, p.lower_edge, p.vendor_time, p.clock_note, p.watermark_before, p.watermark_after,
       p.start_time, p.end_time, p.cursor_id as cursor, p.run_counts, p.error
from run p`

// RunViews lists runs newest first, at most limit, those older than before (0 = from the newest); an empty scheme means all.
func (s *Store) RunViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.RunView, error) {
	where, args := query.Newest("p.run_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and p.scheme = @scheme`, scheme
	}
	return ledger.ReadAll[ledger.RunView](ctx, s.pool, "list runs", runColumns+where+`
order by p.run_id desc
limit @limit`, args)
}

// RunView answers one run; ledger.ErrNotFound when there is none.
func (s *Store) RunView(ctx context.Context, id int64) (ledger.RunView, error) {
	return ledger.ReadOne[ledger.RunView](ctx, s.pool, "read run", runColumns+`
where p.run_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("run %d", id))
}
