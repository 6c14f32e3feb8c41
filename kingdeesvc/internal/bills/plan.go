package bills

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
	// heads, lines and states say where in a row the cells of those columns stand: a map's answer for each of forty
	// cells would cost as much as scanning them. uniqueAt and stampsAt are the same for unique and the shape's stamps;
	// stamped says whether those are asked for.
	heads, lines, states places
	uniqueAt             int
	stampKeys            [stampCount]string
	stampsAt             [stampCount]int
	stamped              bool
}

// places are positions in a row, one a column; absentPlace is a column that is not asked for.
type places []int

const absentPlace = -1

// newPlan begins a plan whose rows ascend by these keys; unique is the last of them, or empty where a bill is one row.
func (s *shape) newPlan(unique string, order ...string) *plan {
	return &plan{
		index: map[string]int{}, folded: map[string]int{}, order: strings.Join(order, " ASC, ") + " ASC",
		unique: unique, stampKeys: s.stamps,
	}
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
	if i := slices.Index(p.stampKeys[:], key); i >= 0 && key != "" {
		p.stampsAt[i], p.stamped = at, true
	}
	return at
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

// stampCount is how many values tell two versions of a bill apart: the modify date, both states and, where closed bills
// have ended, whether the bill is closed.
const stampCount = 4

type stamps [stampCount]kingdee.Cell

func (p *plan) stamps(row []kingdee.Cell) stamps {
	var s stamps
	for i, at := range p.stampsAt {
		if p.stampKeys[i] != "" {
			s[i] = row[at]
		}
	}
	return s
}

// linesPlan is the head and the lines of the first entity in one query.
func (r *Reading) linesPlan() *plan {
	first := r.entities[0]
	p := r.newPlan(first.id, r.key[nameID], first.id)
	p.heads = addColumns(p, r.head, r.missing.has)
	p.lines = addColumns(p, first.columns, r.missing.has)
	for _, key := range slices.Concat(r.options.ExtraBillKeys, r.options.ExtraLineKeys) {
		p.add(key)
	}
	p.extra.bill, p.extra.line = r.options.ExtraBillKeys, r.options.ExtraLineKeys
	return p
}

// headPlan is the head alone.
func (r *Reading) headPlan() *plan {
	p := r.newPlan("", r.key[nameID])
	p.heads = addColumns(p, r.head, r.missing.has)
	for _, key := range r.options.ExtraBillKeys {
		p.add(key)
	}
	p.extra.bill = r.options.ExtraBillKeys
	return p
}

// furtherPlan is the lines of a further entity with just enough of the head to know the bill and its version. They are
// never asked for together with the first entity's: rows of both in one query multiply.
func (r *Reading) furtherPlan(e entity) planner {
	return func() *plan {
		order := []string{r.key[nameID], e.id}
		if e.parent != "" {
			order = []string{r.key[nameID], e.parent, e.id}
		}
		p := r.newPlan(e.id, order...)
		for _, key := range append([]string{r.key[nameID], r.key[nameNumber]}, r.shape.stamps[:]...) {
			if key != "" {
				p.add(key)
			}
		}
		p.lines = addColumns(p, e.columns, r.missing.has)
		return p
	}
}

// statePlan is the light read.
func (r *Reading) statePlan() *plan {
	p := r.newPlan("", r.key[nameID])
	p.states = addColumns(p, r.state, r.missing.has)
	return p
}

// listPlan finds out which bills there are.
func (r *Reading) listPlan() *plan {
	p := r.newPlan("", r.key[nameID])
	p.add(r.key[nameID])
	p.add(r.key[nameNumber])
	return p
}
