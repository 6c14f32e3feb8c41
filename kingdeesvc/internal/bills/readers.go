package bills

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Vendor is the client that a Reader reads through.
type Vendor interface {
	Query(ctx context.Context, q kingdee.Query) (*kingdee.Table, error)
	View(ctx context.Context, formID string, id int64) (kingdee.Meta, error)
}

// Readers reads bills of one account, form by form. Safe for concurrent use.
type Readers struct {
	byForm map[string]*Reader
	forms  []string
}

// Open makes Readers of these forms; a table that contradicts itself or the contract is an error. zone is asked
// whenever a time is read or written: a login may say where the server really is. pageRows is the Limit of each query,
// 10 to 2000, the most that every server allows.
func Open(
	vendor Vendor, zone func() *time.Location, pageRows int, logger *slog.Logger, forms ...form.Form,
) (*Readers, error) {
	all, sizes := &Readers{byForm: map[string]*Reader{}}, &pageSizes{}
	for _, f := range forms {
		if err := check(f); err != nil {
			return nil, err
		}
		all.forms = append(all.forms, f.ID)
		all.byForm[f.ID] = &Reader{
			vendor: vendor, form: f, zone: zone, limit: pageRows, dates: NewDateMemory(), sizes: sizes, logger: logger,
		}
	}
	return all, nil
}

// Of is the Reader of a form, or an *UnknownForm.
func (r *Readers) Of(formID string) (*Reader, error) {
	if reader := r.byForm[formID]; reader != nil {
		return reader, nil
	}
	return nil, &UnknownForm{FormID: formID, Known: r.forms}
}

// UnknownForm is a form that has no table here.
type UnknownForm struct {
	FormID string
	Known  []string
}

// Error implements error.
func (e *UnknownForm) Error() string {
	known := strings.Join(e.Known, ", ")
	return fmt.Sprintf("form_id: bills of %q are not read here, only those of %s", e.FormID, known)
}

// Reader reads bills of one form. Safe for concurrent use.
type Reader struct {
	vendor  Vendor
	form    form.Form
	zone    func() *time.Location
	limit   int
	dates   *DateMemory
	missing missingKeys
	sizes   *pageSizes // of the server, whatever the form
	logger  *slog.Logger
}

// Options say what of a bill is wanted.
type Options struct {
	// FurtherEntities are entities beside the form's first.
	FurtherEntities []string
	// ExtraBillKeys and ExtraLineKeys are Kingdee keys that the caller names, of the head and of the first entity.
	ExtraBillKeys []string
	ExtraLineKeys []string
	// Keys are Kingdee's keys of the form's open columns, by their names; those of lines have their entity's before
	// them.
	Keys map[string]string
	// ClosedEnds: a closed bill has ended.
	ClosedEnds bool
}

// InvalidRequest is the caller's mistake.
type InvalidRequest struct {
	Field  string
	Reason error
}

// Error implements error.
func (e *InvalidRequest) Error() string { return e.Field + ": " + e.Reason.Error() }

// Unwrap gives the reason.
func (e *InvalidRequest) Unwrap() error { return e.Reason }

// Reading is what one request reads of a form.
type Reading struct {
	*Reader
	*shape

	options Options
}

// Read prepares a request; what it cannot ask for is an *InvalidRequest.
func (r *Reader) Read(o Options) (*Reading, error) {
	s, err := newShape(r.form, o)
	if err != nil {
		return nil, err
	}
	return &Reading{Reader: r, shape: s, options: o}, nil
}
