package query

import (
	"context"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Runs lists runs newest first, at most limit, those older than before (0 = from the newest).
func (r *Reader) Runs(ctx context.Context, f ledger.RunFilter, before int64, limit int) ([]ledger.Run, error) {
	where, args := Newest("r.run_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and r.scheme = @scheme`, f.Scheme
	}
	if len(f.Kinds) > 0 {
		where, args["kinds"] = where+` and r.kind = any(@kinds)`, f.Kinds
	}
	if len(f.States) > 0 {
		where, args["states"] = where+` and r.state = any(@states)`, f.States
	}
	return ledger.ReadAll[ledger.Run](ctx, r.pool, "list runs", ledger.RunColumns+where+`
order by r.run_id desc
limit @limit`, args)
}

// Run answers one run; ledger.ErrNotFound when there is none.
func (r *Reader) Run(ctx context.Context, id int64) (ledger.Run, error) {
	return ledger.ReadRun(ctx, r.pool, id)
}
