package revision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Diff answers what applying a file would do to each scheme that it names, and which others there are, which stay as
// they are. fault is what is wrong with the file itself.
func Diff(ctx context.Context, db ledger.Reads, document string) (diffs []ledger.SchemeDiff, fault, err error) {
	schemes, fault := scheme.Load([]byte(document), "document")
	if fault != nil {
		return nil, fault, nil
	}
	diffs, err = diff(ctx, db, schemes)
	return diffs, nil, err
}

// DiffRevision is Diff for a stored revision of a scheme, as if it were a file: what going back to it would do.
// ledger.ErrNotFound when there is no such scheme, ledger.ErrNoRevision when it has no such revision.
func DiffRevision(ctx context.Context, db ledger.Reads, name string, number int) ([]ledger.SchemeDiff, error) {
	stored, err := load(ctx, db, name, number)
	if err != nil {
		return nil, err
	}
	diffs, err := diff(ctx, db, []*scheme.Scheme{stored})
	return named(diffs), err
}

func diff(ctx context.Context, db ledger.Reads, schemes []*scheme.Scheme) (diffs []ledger.SchemeDiff, err error) {
	stored, err := query.StoredSchemes(ctx, db)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, s := range schemes {
		named[s.Name] = true
		at := slices.IndexFunc(stored, func(known ledger.StoredScheme) bool { return known.Scheme == s.Name })
		if at < 0 {
			diffs = append(diffs, ledger.SchemeDiff{Scheme: s.Name, Change: ledger.ChangeNew, NextRevision: 1})
			continue
		}
		d, err := diffOf(stored[at], s)
		if err != nil {
			return nil, err
		}
		if len(d.Added) > 0 {
			parts, err := scheme.PartsOf(s.Document())
			if err != nil {
				return nil, fmt.Errorf("scheme %s: %w", s.Name, err)
			}
			d.Returned, err = operate.Returning(ctx, db, s.Name, d.Added, parts, scheme.PartsOf, s.Wanted,
				int(d.NextRevision))
			if err != nil {
				return nil, err
			}
		}
		diffs = append(diffs, d)
	}
	for _, known := range stored {
		if known.Active && !named[known.Scheme] {
			keepApart(known, schemes, diffs)
			diffs = append(diffs, ledger.SchemeDiff{
				Scheme: known.Scheme, Change: ledger.ChangeAbsent, Revision: known.Revision,
				NextRevision: known.Revision, OpenCancellations: known.OpenCancellations,
			})
		}
	}
	return diffs, nil
}

// keepApart refuses, in their diffs, schemes of a file that could own the same order as one that the file does not
// name.
// diffs begin with those of the file, in its order. A stored one that cannot be read owns nothing: no host works by it.
func keepApart(known ledger.StoredScheme, schemes []*scheme.Scheme, diffs []ledger.SchemeDiff) {
	other, err := scheme.LoadDocument(known.Document)
	if err != nil {
		return
	}
	for i, s := range schemes {
		if why := scheme.Together(other, s); why != "" && diffs[i].Change != ledger.ChangeNone {
			diffs[i].Change, diffs[i].Refusal = ledger.ChangeRefused, why
		}
	}
}

func diffOf(known ledger.StoredScheme, next *scheme.Scheme) (ledger.SchemeDiff, error) {
	d := ledger.SchemeDiff{
		Scheme: known.Scheme, Change: ledger.ChangeNone, Revision: known.Revision,
		NextRevision: known.Revision, OpenCancellations: known.OpenCancellations,
	}
	if !known.Active {
		d.Change, d.AwaySince = ledger.ChangeReturned, known.AwaySince
	}
	if known.Hash == next.Hash() {
		return d, nil
	}
	before, err := scheme.PartsOf(known.Document)
	if err != nil {
		return d, fmt.Errorf("scheme %s: %w", known.Scheme, err)
	}
	after, err := scheme.PartsOf(next.Document())
	if err != nil {
		return d, fmt.Errorf("scheme %s: %w", known.Scheme, err)
	}
	if d.ChangedKeys, err = scheme.ChangedKeys(known.Document, next.Document()); err != nil {
		return d, fmt.Errorf("scheme %s: %w", known.Scheme, err)
	}
	d.Added, d.Removed = lacking(after, before), lacking(before, after)
	if known.Bound {
		// What never read anything has stored no orders.
		changes, err := scheme.OrderChanges(known.Document, next.Document())
		if err != nil {
			return d, fmt.Errorf("scheme %s: %w", known.Scheme, err)
		}
		for _, change := range changes {
			d.OrderChanges = append(d.OrderChanges, change.String())
		}
	}
	if d.Refusal = refusalOf(known, next); d.Refusal != "" {
		d.Change = ledger.ChangeRefused
		return d, nil
	}
	if known.Active {
		d.Change = ledger.ChangeRevised
	}
	d.NextRevision = known.Revision + 1
	return d, nil
}

// refusalOf says why a scheme cannot become what a file says of it.
func refusalOf(known ledger.StoredScheme, next *scheme.Scheme) string {
	if known.Bound && (known.FormID != next.Form || known.DataCenterID != next.DataCenter ||
		!slices.Equal(known.Accounts, next.Accounts())) {
		return fmt.Sprintf("form, data centre and WMS accounts (%s, %s, %s) cannot change: give the new scheme "+
			"another name; 单据、账套和旺店通账号不可更改，请另起方案名",
			known.FormID, known.DataCenterID, strings.Join(known.Accounts, ", "))
	}
	if known.Environment == "" {
		return ""
	}
	if err := next.CheckFor(scheme.Environment(known.Environment)); err != nil {
		return err.Error()
	}
	return ""
}

// lacking are the parts that the other list does not have, in order.
func lacking(parts, other []rule.Part) []rule.Part {
	var found []rule.Part
	for _, part := range parts {
		if !slices.Contains(other, part) {
			found = append(found, part)
		}
	}
	slices.SortFunc(found,
		func(a, b rule.Part) int { return strings.Compare(string(a.Kind)+" "+a.Name, string(b.Kind)+" "+b.Name) })
	return found
}

// load reads a stored revision, the newest for 0.
func load(ctx context.Context, db ledger.Reads, name string, number int) (*scheme.Scheme, error) {
	document, err := query.SchemeDocument(ctx, db, name, number)
	if err != nil {
		return nil, err
	}
	earlier, err := query.EarlierOrders(ctx, db, name)
	if err != nil {
		return nil, err
	}
	loaded, err := intake.LoadRevision(document, earlier)
	if err != nil {
		return nil, fmt.Errorf("scheme %s, revision %d: %w", name, number, err)
	}
	return loaded, nil
}

// errNotNamed is a fault of a file that lacks the scheme that is asked about.
var errNotNamed = errors.New("the document holds no such scheme (文件中没有此方案)")
