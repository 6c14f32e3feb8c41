// Package form says what the bills of one of Kingdee's forms are made of: which keys they are read by, under which
// names of kingdee.v1 the values are handed on, and which of them may be absent. It is data: package bills reads the
// bills of any form that is described so, and a further form is a folder with such a table.
package form

import "slices"

// Type is how the cell of a column is read.
type Type uint8

// The types. Those from ID to Moment are what the named fields of the contract want; a column of another name is a
// Text, Decimal, Day, Moment or Bool.
const (
	// Text is trimmed; raw ids are texts too.
	Text Type = iota
	// ID is a positive whole number.
	ID
	// BillNumber is the text that people know the bill by: never blank, and fit to be asked for.
	BillNumber
	// DocumentStatus is Z, A, B, C or D.
	DocumentStatus
	// CancelStatus is A or B.
	CancelStatus
	// CloseStatus is A or B.
	CloseStatus
	// Kind is one of the form's Kinds, whatever its case.
	Kind
	// Decimal keeps the digits as they were written; an unset one stays unset.
	Decimal
	// Day is a date without a time of day.
	Day
	// Moment is a wall-clock time of the server's.
	Moment
	// Bool is true or false.
	Bool
)

// Need says what becomes of a read when the server does not know a column's key.
type Need uint8

const (
	// Must: the read ends with an error that names the key.
	Must Need = iota
	// May: bills are read without it, and the field stays empty.
	May
)

// Column is one key and where its value goes.
type Column struct {
	// Key is Kingdee's, in the case it was published in. It may be empty where Open is set.
	Key string
	// Name is a field of kingdee.v1.Bill or Line; any other name leads to a value in their fields.
	Name string
	Type Type
	Need Need
	// Open: no public source confirms the key. A request may give another, and must where Key is empty and Need is
	// Must; a May column without a key is not read.
	Open bool
}

// Entity is one kind of line 单据体. The first of a form is read together with the head, further ones by a query each,
// because rows of two entities in one query multiply.
type Entity struct {
	// Name is Kingdee's, such as FEntity.
	Name string
	// Columns begin with the line's id, named id. One named parent_id is the id of the line above.
	Columns []Column
}

// End is a state from which a bill does not go on.
type End string

// The ends that a form may know.
const (
	// Voided is 作废; every form has it.
	Voided End = "voided"
	// Closed is 关闭, which counts only where a request says so: columns close_status and maybe close_time.
	Closed End = "closed"
)

// Form is one form.
type Form struct {
	// ID is Kingdee's name for it, such as STK_AssembledApp. Title is the people's, and English what its bills are
	// called in an English sentence.
	ID, Title, English string
	// Head begins with the columns id and number, so that a row of the wrong length can still be named.
	Head     []Column
	Entities []Entity
	// Kinds are the values of the column kind, in the spelling that is handed on; none where the form has no such
	// column.
	Kinds []string
	Ends  []End
}

// Knows says whether a bill of the form may come to this end.
func (f Form) Knows(end End) bool { return slices.Contains(f.Ends, end) }

// Key is the key of the head's column of this name; empty where there is none.
func (f Form) Key(name string) string {
	for _, c := range f.Head {
		if c.Name == name {
			return c.Key
		}
	}
	return ""
}

// Optional says whether bills are read without the key where a server does not know it.
func (f Form) Optional(key string) bool {
	for columns := range f.Tables() {
		for _, c := range columns {
			if c.Key == key && c.Need == Must {
				return false
			}
		}
	}
	return true
}

// Tables are the columns of the head and of each entity.
func (f Form) Tables() func(yield func([]Column) bool) {
	return func(yield func([]Column) bool) {
		if !yield(f.Head) {
			return
		}
		for _, e := range f.Entities {
			if !yield(e.Columns) {
				return
			}
		}
	}
}

// Keys are the keys of some columns, in their order; a column whose key nobody knows is left out.
func Keys(columns []Column) []string {
	var keys []string
	for _, c := range columns {
		if c.Key != "" {
			keys = append(keys, c.Key)
		}
	}
	return keys
}
