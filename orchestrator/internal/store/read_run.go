package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const runColumns = `
select p.run_id, p.scheme, p.kind, p.state, p.revision, p.lower_edge, p.vendor_time, p.clock_note, p.watermark_before, p.watermark_after,
       p.start_time, p.end_time, p.cursor_id as cursor, p.run_counts, p.error
from run p`

// RunViews lists runs newest first, at most limit, those older than before (0 = from the newest); an empty scheme means all.
func (s *Store) RunViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.RunView, error) {
	where, args := newest("p.run_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and p.scheme = @scheme`, scheme
	}
	return readAll[ledger.RunView](ctx, s.pool, "list runs", runColumns+where+`
order by p.run_id desc
limit @limit`, args)
}

// RunView answers one run; ledger.ErrNotFound when there is none.
func (s *Store) RunView(ctx context.Context, id int64) (ledger.RunView, error) {
	return readOne[ledger.RunView](ctx, s.pool, "read run", runColumns+`
where p.run_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("run %d", id))
}

// newest begins the where clause of a list that runs from the newest key down, with its arguments.
func newest(key string, before int64, limit int) (string, pgx.StrictNamedArgs) {
	args := pgx.StrictNamedArgs{"limit": limit}
	if before == 0 {
		return "\nwhere true", args
	}
	args["before"] = before
	return "\nwhere " + key + " < @before", args
}
