package revision

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// MissingError says which scheme is not there, or not in that revision.
type MissingError struct {
	Scheme string
	cause  error
}

func (e *MissingError) Error() string { return e.cause.Error() }
func (e *MissingError) Unwrap() error { return e.cause }

// Export answers schemes as a file that Apply would take: the named ones, else all that are not retired. number is a
// revision of the one that is named, 0 for the newest. A *MissingError names what is not there.
func Export(ctx context.Context, db ledger.Reads, names []string, number int) (string, error) {
	if len(names) == 0 {
		type row struct{ Scheme string }
		rows, err := ledger.ReadAll[row](ctx, db, "list schemes", `
select scheme from scheme where active order by scheme`, pgx.StrictNamedArgs{})
		if err != nil {
			return "", err
		}
		for _, r := range rows {
			names = append(names, r.Scheme)
		}
	}
	var documents []string
	for _, name := range names {
		document, err := query.SchemeDocument(ctx, db, name, number)
		if err != nil {
			return "", &MissingError{name, err}
		}
		documents = append(documents, document)
	}
	return scheme.FileOf(documents), nil
}

// Changed says what a revision changed of the one before: its parts and keys. Nothing of a first one.
func Changed(v ledger.RevisionView) (d ledger.SchemeDiff, err error) {
	if v.Before == "" {
		return d, nil
	}
	before, err := scheme.PartsOf(v.Before)
	if err != nil {
		return d, fmt.Errorf("scheme %s: %w", v.Scheme, err)
	}
	after, err := scheme.PartsOf(v.Document)
	if err != nil {
		return d, fmt.Errorf("scheme %s: %w", v.Scheme, err)
	}
	d.Added, d.Removed = lacking(after, before), lacking(before, after)
	d.ChangedKeys, err = scheme.ChangedKeys(v.Before, v.Document)
	return d, err
}

// Words are what a change adds and takes away, for one line.
func Words(d ledger.SchemeDiff) string {
	var words []string
	for _, p := range d.Added {
		words = append(words, "+"+string(p.Kind)+" "+p.Name)
	}
	for _, p := range d.Removed {
		words = append(words, "-"+string(p.Kind)+" "+p.Name)
	}
	return strings.Join(append(words, d.ChangedKeys...), ", ")
}
