package operate

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// writeCutovers gives what this revision adds to the scheme a cutover of its own, from this moment on, in the
// transaction that stores the revision and has the scheme locked: this moment by the clock, since it may have waited
// for pages that were decided under the one before. A part that was taken out and comes back counts as added. document
// is the revision's before.
func writeCutovers(ctx context.Context, tx pgx.Tx, f SchemeFile, document string, revision int) error {
	if f.PartsOf == nil {
		return nil
	}
	before, err := f.PartsOf(document)
	if err != nil {
		return fmt.Errorf("scheme %s: the revision before: %w", f.Scheme, err)
	}
	for _, part := range f.Parts {
		if named(before, part) {
			continue
		}
		if _, err := tx.Exec(ctx, `
insert into scheme_cutover (scheme, kind, name, cutover_time, revision) values ($1, $2, $3, clock_timestamp(), $4)
on conflict (scheme, kind, name) do update set cutover_time = clock_timestamp(), revision = $4`,
			f.Scheme, string(part.Kind), part.Name, revision); err != nil {
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
	return nil
}

// named says whether a part was in the scheme before: by its own name, or among all.
func named(before []rule.Part, part rule.Part) bool {
	return slices.Contains(before, part) || slices.Contains(before, rule.Part{Kind: part.Kind, Name: rule.Everything})
}
