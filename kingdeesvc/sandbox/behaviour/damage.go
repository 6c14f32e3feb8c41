package behaviour

import (
	"maps"
	"slices"
	"strings"
)

// Damage makes one bill's rows unreadable.
type Damage struct {
	// Bill is its number or id.
	Bill string `json:"bill"`
	// NullFields are keys whose cells are null.
	NullFields []string `json:"null_fields,omitempty"`
	// MissingCells shortens each row by so many cells; a negative number has no
	// meaning.
	MissingCells int `json:"missing_cells,omitempty"`
}

// Damages is an immutable set of damage, by bill id; nil is none.
type Damages struct{ byBill map[int64]Damage }

func (d *Damages) with(id int64, x Damage) *Damages {
	next := &Damages{map[int64]Damage{}}
	if d != nil {
		maps.Copy(next.byBill, d.byBill)
	}
	if len(x.NullFields) == 0 && x.MissingCells <= 0 {
		delete(next.byBill, id)
		return next
	}
	next.byBill[id] = x
	return next
}

// Cells is how many of n cells a row of the bill has.
func (d *Damages) Cells(id int64, n int) int {
	if d == nil {
		return n
	}
	return max(0, n-d.byBill[id].MissingCells)
}

// Nulls reports whether the cells of a key are null in the rows of the bill.
func (d *Damages) Nulls(id int64, key string) bool {
	if d == nil {
		return false
	}
	x, ok := d.byBill[id]
	return ok && slices.ContainsFunc(x.NullFields, func(f string) bool { return strings.EqualFold(f, key) })
}
