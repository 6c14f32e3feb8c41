// Package preview says what loading another schemes file would change. It stores nothing, and does not look at what a
// vendor would say of the file.
package preview

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Ledger is what a preview reads.
type Ledger interface {
	StoredSchemes(ctx context.Context) ([]ledger.StoredScheme, error)
}

// Previewer compares files with what the ledger has.
type Previewer struct{ ledger Ledger }

// New makes one.
func New(ledger Ledger) *Previewer { return &Previewer{ledger} }

// Preview answers what a file would do to each scheme that it names, and to those that it leaves out. fault is what is
// wrong with the file itself.
func (p *Previewer) Preview(ctx context.Context, document string) (previews []ledger.SchemePreview, fault, err error) {
	schemes, fault := scheme.Load([]byte(document), "document")
	if fault != nil {
		return nil, fault, nil
	}
	stored, err := p.ledger.StoredSchemes(ctx)
	if err != nil {
		return nil, nil, err
	}
	named := map[string]bool{}
	for _, s := range schemes {
		named[s.Name] = true
		at := slices.IndexFunc(stored, func(known ledger.StoredScheme) bool { return known.Scheme == s.Name })
		if at < 0 {
			previews = append(previews, ledger.SchemePreview{Scheme: s.Name, Change: ledger.ChangeNew, NextRevision: 1})
			continue
		}
		preview, err := previewOf(stored[at], s)
		if err != nil {
			return nil, nil, err
		}
		previews = append(previews, preview)
	}
	for _, known := range stored {
		if known.Active && !named[known.Scheme] {
			previews = append(previews, ledger.SchemePreview{
				Scheme: known.Scheme, Change: ledger.ChangeRemoved, Revision: known.Revision,
				NextRevision: known.Revision, OpenCancellations: known.OpenCancellations,
			})
		}
	}
	return previews, nil, nil
}

func previewOf(known ledger.StoredScheme, next *scheme.Scheme) (ledger.SchemePreview, error) {
	preview := ledger.SchemePreview{
		Scheme: known.Scheme, Change: ledger.ChangeNone, Revision: known.Revision,
		NextRevision: known.Revision, OpenCancellations: known.OpenCancellations,
	}
	if !known.Active {
		preview.Change = ledger.ChangeReturned
	}
	if known.Hash == next.Hash() {
		return preview, nil
	}
	before, err := scheme.PartsOf(known.Document)
	if err != nil {
		return preview, fmt.Errorf("scheme %s: %w", known.Scheme, err)
	}
	after, err := scheme.PartsOf(next.Document())
	if err != nil {
		return preview, fmt.Errorf("scheme %s: %w", known.Scheme, err)
	}
	if preview.ChangedKeys, err = scheme.ChangedKeys(known.Document, next.Document()); err != nil {
		return preview, fmt.Errorf("scheme %s: %w", known.Scheme, err)
	}
	preview.Added, preview.Removed = lacking(after, before), lacking(before, after)
	if preview.Refusal = refusalOf(known, next); preview.Refusal != "" {
		preview.Change = ledger.ChangeRefused
		return preview, nil
	}
	if known.Active {
		preview.Change = ledger.ChangeRevised
	}
	preview.NextRevision = known.Revision + 1
	return preview, nil
}

// refusalOf says why a start with this file would be refused, or would stop the scheme.
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
