package revision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Proposal is a file that is to be applied.
type Proposal struct {
	Document string
	// IfRevision is, by scheme, the revision that whoever applies has seen, 0 for no such scheme. One that is not here
	// may have any.
	IfRevision map[string]int32
	// Orders says for which bills a scheme names its orders otherwise than before; it counts only for schemes that do.
	Orders ledger.Orders
}

// Apply makes what a file says the newest revisions of its schemes, in the transaction of an act, and answers what it
// did to each. All or nothing: a *ledger.RefusedError, *ledger.RevisionError or *ledger.UnsaidError names the first
// scheme that cannot be revised. fault is what is wrong with the file itself.
func Apply(
	ctx context.Context, tx pgx.Tx, act ledger.Act, p Proposal,
) (diffs []ledger.SchemeDiff, fault, err error) {
	schemes, fault := scheme.Load([]byte(p.Document), "document")
	if fault != nil {
		return nil, fault, nil
	}
	if err := operate.LockSchemes(ctx, tx); err != nil {
		return nil, nil, err
	}
	if diffs, err = diff(ctx, tx, schemes); err != nil {
		return nil, nil, err
	}
	for _, d := range diffs {
		if d.Change == ledger.ChangeRefused {
			return nil, nil, &ledger.RefusedError{Scheme: d.Scheme, Why: d.Refusal}
		}
		if seen, asked := p.IfRevision[d.Scheme]; asked && seen != d.Revision {
			return nil, nil, &ledger.RevisionError{Scheme: d.Scheme, Seen: seen, Newest: d.Revision}
		}
		if len(d.OrderChanges) > 0 && p.Orders == "" {
			return nil, nil, &ledger.UnsaidError{Scheme: d.Scheme, Changes: d.OrderChanges}
		}
	}
	files, err := filesOf(schemes, p.Orders)
	if err != nil {
		return nil, nil, err
	}
	return named(diffs), nil, operate.ApplySchemes(ctx, tx, act, files)
}

// named leaves out the schemes that a file does not name.
func named(diffs []ledger.SchemeDiff) []ledger.SchemeDiff {
	return slices.DeleteFunc(diffs, func(d ledger.SchemeDiff) bool { return d.Change == ledger.ChangeAbsent })
}

func filesOf(schemes []*scheme.Scheme, orders ledger.Orders) ([]operate.SchemeFile, error) {
	files := make([]operate.SchemeFile, len(schemes))
	for i, s := range schemes {
		files[i] = operate.SchemeFile{
			Scheme: s.Name, Title: s.Title, FormID: s.Form, DataCenterID: s.DataCenter, Accounts: s.Accounts(),
			IncrementalReal:    s.IncrementalInterval(scheme.Real),
			IncrementalSandbox: s.IncrementalInterval(scheme.Sandbox), Hash: s.Hash(), Document: s.Document(),
			PartsOf: scheme.PartsOf, Wanted: s.Wanted, SinceOf: scheme.SinceOf, Keys: s.Keys, KeysOf: scheme.KeysOf,
			Orders: orders, Warehouses: warehousesOf(s), OrganisationNames: s.OrganisationNames,
			SameOrders: func(before string) (bool, error) {
				changes, err := scheme.OrderChanges(before, s.Document())
				return len(changes) == 0, err
			},
			SameClaims: func(before string) (bool, error) { return sameParts(before, s.Document()) },
		}
		var err error
		if files[i].Parts, err = scheme.PartsOf(files[i].Document); err != nil {
			return nil, fmt.Errorf("scheme %s: %w", s.Name, err)
		}
	}
	return files, nil
}

// warehousesOf is the warehouse table of a scheme, in the order of Kingdee's numbers.
func warehousesOf(s *scheme.Scheme) []operate.SchemeWarehouse {
	table := s.Warehouses()
	rows := make([]operate.SchemeWarehouse, 0, len(table))
	for _, number := range slices.Sorted(maps.Keys(table)) {
		w := table[number]
		rows = append(rows, operate.SchemeWarehouse{
			Number: number, Name: w.Name, Account: w.Account, Code: w.Code, Outside: w.Outside,
		})
	}
	return rows
}

// sameParts says whether two documents name the same warehouses and order kinds, so that bills claim the same orders
// as long as these are named alike.
func sameParts(before, after string) (bool, error) {
	was, err := scheme.PartsOf(before)
	if err != nil {
		return false, err
	}
	is, err := scheme.PartsOf(after)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(append(lacking(is, was), lacking(was, is)...), func(p rule.Part) bool {
		return p.Kind == rule.PartWarehouse || p.Kind == rule.PartOrderKind
	}), nil
}

// TakeFirst applies a file to a ledger that has never had a scheme, and says whether it did: whoever comes second
// finds one.
func TakeFirst(ctx context.Context, pool *pgxpool.Pool, act ledger.Act, schemes []*scheme.Scheme) (bool, error) {
	taken := false
	files, err := filesOf(schemes, "")
	if err != nil {
		return false, err
	}
	err = ledger.InTx(ctx, pool, func(tx pgx.Tx) error {
		if err := operate.LockSchemes(ctx, tx); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select not exists (select from scheme)`).Scan(&taken); err != nil || !taken {
			return err
		}
		return operate.ApplySchemes(ctx, tx, act, files)
	})
	if err != nil {
		return false, fmt.Errorf("first schemes: %w", err)
	}
	return taken, nil
}

// Standing is how the schemes file of a host stands to the ledger.
type Standing struct {
	// Changed are the schemes that say something which no revision of theirs says, or are new.
	Changed []ledger.SchemeDiff
	// Older are schemes that say what an earlier revision said, with that revision; Retired those that are retired.
	Older   map[string]int32
	Retired []string
	// Unsaid are schemes that name their orders otherwise, as SchemeDiff.OrderChanges says, and were not applied: a
	// person says for which bills.
	Unsaid map[string][]string
}

// Bring applies what a changed file says, by an act of the program that its owner starts, and answers what it did: the
// schemes that are new to the ledger, or whose content no revision of theirs ever had. What an earlier revision said,
// and a scheme that a person retired, never comes back by this, and one that names its orders otherwise waits for a
// person, who says for which bills: they are only named.
func Bring(ctx context.Context, pool *pgxpool.Pool, act ledger.Act, schemes []*scheme.Scheme) (Standing, error) {
	var standing Standing
	err := ledger.InTx(ctx, pool, func(tx pgx.Tx) error {
		standing = Standing{Older: map[string]int32{}}
		if err := operate.LockSchemes(ctx, tx); err != nil {
			return err
		}
		var changed []*scheme.Scheme
		for _, s := range schemes {
			known, err := query.StoredScheme(ctx, tx, s.Name, s.Hash())
			switch {
			case errors.Is(err, ledger.ErrNotFound):
			case err != nil:
				return err
			case !known.Active:
				standing.Retired = append(standing.Retired, s.Name)
				continue
			case known.SameAs == known.Revision:
				continue
			case known.SameAs > 0:
				standing.Older[s.Name] = known.SameAs
				continue
			}
			changed = append(changed, s)
		}
		if len(changed) == 0 {
			return nil
		}
		diffs, err := diff(ctx, tx, changed)
		if err != nil {
			return err
		}
		for _, d := range diffs {
			switch {
			case d.Change == ledger.ChangeRefused:
				return &ledger.RefusedError{Scheme: d.Scheme, Why: d.Refusal}
			case len(d.OrderChanges) > 0:
				if standing.Unsaid == nil {
					standing.Unsaid = map[string][]string{}
				}
				standing.Unsaid[d.Scheme] = d.OrderChanges
				changed = slices.DeleteFunc(changed, func(s *scheme.Scheme) bool { return s.Name == d.Scheme })
			case d.Change == ledger.ChangeNew, d.Change == ledger.ChangeRevised:
				standing.Changed = append(standing.Changed, d)
			}
		}
		files, err := filesOf(changed, "")
		if err != nil {
			return err
		}
		return operate.ApplySchemes(ctx, tx, act, files)
	})
	return standing, err
}
