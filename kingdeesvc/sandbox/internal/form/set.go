package form

import (
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// descriptions are the forms that there are: a further one is a file here and a line.
func descriptions() []description { return []description{assembledApp(), returnApp()} }

// Set is the forms of a server.
type Set struct{ forms []*FieldSet }

// NewSet knows the published keys of each form and those that a tenant added to all of them.
func NewSet(c Catalogue, custom []books.CustomField) *Set {
	s := &Set{}
	for _, d := range descriptions() {
		s.forms = append(s.forms, newFieldSet(d, c, custom))
	}
	return s
}

// IDs are Kingdee's names for the forms.
func (s *Set) IDs() []string {
	ids := make([]string, len(s.forms))
	for i, f := range s.forms {
		ids[i] = f.FormID
	}
	return ids
}

// Of is the form of this id, whatever its case; nil if there is none.
func (s *Set) Of(id string) *FieldSet {
	if at := slices.IndexFunc(s.forms, func(f *FieldSet) bool { return strings.EqualFold(f.FormID, id) }); at >= 0 {
		return s.forms[at]
	}
	return nil
}

// Learn makes custom fields of its form of the extra keys of a bill, as text.
func (s *Set) Learn(b *books.Bill) {
	if f := s.Of(b.Form); f != nil {
		f.learn(b)
	}
}
