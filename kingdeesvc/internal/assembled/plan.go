package assembled

import (
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// plan is one kind of query: its keys in order, and where in a row the parts of a bill stand.
type plan struct {
	keys   []string
	index  map[string]int
	folded map[string]int
	order  string
	// unique is the key that tells the rows of one bill apart; empty where a bill is one row.
	unique string
	extra  struct{ bill, line []string }
	// heads, products, components and states say where in a row the cells of those columns stand: a map's answer
	// for each of forty cells would cost as much as scanning them. uniqueAt and stampsAt are the same for unique
	// and stampKeys.
	heads, products, components, states places
	uniqueAt                            int
	stampsAt                            [len(stampKeys)]int
}

// places are positions in a row, one a column; absentPlace is a column that is not asked for.
type places []int

const absentPlace = -1

func newPlan(order, unique string) *plan {
	return &plan{index: map[string]int{}, folded: map[string]int{}, order: order, unique: unique}
}

// add asks for a key once, however often and in whatever case it is named, and says where its cell stands.
func (p *plan) add(key string) int {
	folded := strings.ToLower(key)
	at, known := p.folded[folded]
	if !known {
		at = len(p.keys)
		p.folded[folded] = at
		p.keys = append(p.keys, key)
	}
	p.index[key] = at
	if key == p.unique {
		p.uniqueAt = at
	}
	if i := slices.Index(stampKeys[:], key); i >= 0 {
		p.stampsAt[i] = at
	}
	return at
}

func (p *plan) has(key string) bool {
	_, ok := p.index[key]
	return ok
}

func (p *plan) cell(row []kingdee.Cell, key string) kingdee.Cell {
	return row[p.index[key]]
}

func addColumns[T any](p *plan, columns []column[T], skip func(key string) bool) places {
	at := make(places, len(columns))
	for i, c := range columns {
		at[i] = absentPlace
		if skip == nil || !skip(c.key) {
			at[i] = p.add(c.key)
		}
	}
	return at
}

// fill sets every field whose key the plan asked for.
func fill[T any](d *decoder, at places, columns []column[T], into T, row []kingdee.Cell) {
	for i := range at {
		if at[i] != absentPlace {
			columns[i].set(d, columns[i].key, into, row[at[i]])
		}
	}
}

// distinct leaves out a row that is the same as the one before it, cell by cell: it says nothing new.
func (p *plan) distinct(rows [][]kingdee.Cell) [][]kingdee.Cell {
	same := func(a, b []kingdee.Cell) bool {
		at := p.uniqueAt // the cell in which the rows of one bill differ
		return len(a) > at && len(b) > at && a[at] == b[at] && slices.Equal(a, b)
	}
	for i := 1; i < len(rows); i++ {
		if same(rows[i-1], rows[i]) {
			return slices.CompactFunc(slices.Clone(rows), same)
		}
	}
	return rows
}

// extras are the caller's own keys as text, trimmed as all texts are; a null is left out.
func (p *plan) extras(d *decoder, keys []string, row []kingdee.Cell) map[string]string {
	if len(keys) == 0 {
		return nil
	}
	values := make(map[string]string, len(keys))
	for _, key := range keys {
		cell := p.cell(row, key)
		if cell.Kind != kingdee.Null {
			values[key] = d.asked(key, cell)
		}
	}
	return values
}

// stampKeys tell two versions of a bill apart.
var stampKeys = [...]string{keyModifyDate, keyDocumentStatus, keyCancelStatus}

type stamps [len(stampKeys)]kingdee.Cell

func (p *plan) stamps(row []kingdee.Cell) stamps {
	var s stamps
	for i, at := range p.stampsAt {
		s[i] = row[at]
	}
	return s
}

// productPlan is head and 成品 in one query; without lines it is the head alone.
func (r *Reader) productPlan(o Options) *plan {
	p := newPlan("FID ASC, FEntity_FEntryID ASC", keyEntryID)
	p.heads = addColumns(p, headColumns, r.missing.has)
	p.products = addColumns(p, productColumns, r.missing.has)
	for _, key := range slices.Concat(o.ExtraBillKeys, o.ExtraLineKeys) {
		p.add(key)
	}
	p.extra.bill, p.extra.line = o.ExtraBillKeys, o.ExtraLineKeys
	return p
}

func (r *Reader) headPlan(o Options) *plan {
	p := newPlan("FID ASC", "")
	p.heads = addColumns(p, headColumns, r.missing.has)
	for _, key := range o.ExtraBillKeys {
		p.add(key)
	}
	p.extra.bill = o.ExtraBillKeys
	return p
}

// componentPlan is 子件 with just enough of the head to know the bill and its version. Components are never asked for
// together with the product's own fields: rows of both entities in one query multiply.
func (r *Reader) componentPlan() *plan {
	p := newPlan("FID ASC, FEntity_FEntryID ASC, FSubEntity_FDetailID ASC", keyDetailID)
	for _, key := range append([]string{keyID, keyNumber}, stampKeys[:]...) {
		p.add(key)
	}
	p.components = addColumns(p, componentColumns, r.missing.has)
	return p
}

func statePlan() *plan {
	p := newPlan("FID ASC", "")
	p.states = addColumns(p, stateColumns, nil)
	return p
}

// listPlan finds out which bills there are.
func listPlan() *plan {
	p := newPlan("FID ASC", "")
	p.add(keyID)
	p.add(keyNumber)
	return p
}
