package sandbox

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

// damages is an immutable set of damage, by bill id; nil is none.
type damages struct{ byBill map[int64]Damage }

func (d *damages) with(id int64, x Damage) *damages {
	next := &damages{map[int64]Damage{}}
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

// cells is how many of n cells a row of the bill has.
func (d *damages) cells(id int64, n int) int {
	if d == nil {
		return n
	}
	return max(0, n-d.byBill[id].MissingCells)
}

func (d *damages) nulls(id int64, key string) bool {
	if d == nil {
		return false
	}
	x, ok := d.byBill[id]
	return ok && slices.ContainsFunc(x.NullFields, func(f string) bool { return strings.EqualFold(f, key) })
}
