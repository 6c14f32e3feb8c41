package bills

import (
	"fmt"
	"slices"
	"strings"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// group is the rows of one bill in one kind of query, or one row that belongs to no bill we can name (id 0).
type group struct {
	plan   *plan
	id     int64
	number string
	rows   [][]kingdee.Cell
	fault  *fault
	// drifted is set when the rows are not of one version of the bill.
	drifted bool
}

// name reads id and number from a row of any length: both stand first in every plan.
func name(row []kingdee.Cell) (id int64, number string) {
	if len(row) > 0 {
		id, _ = readID(row[0])
	}
	switch {
	case len(row) < 2 || row[1].Kind == kingdee.Other:
	case row[1].Kind == kingdee.Unfit:
		// what names a problem must be fit to be stored
		number = strings.ReplaceAll(trim(row[1].Text), "\x00", "\uFFFD")
	default:
		number = trim(row[1].Text)
	}
	return id, number
}

// collect groups rows by bill. They must ascend from above after, or paging by key would skip bills: a server that does
// not sort, or does not filter, is an error and no problem of one bill.
func collect(p *plan, rows [][]kingdee.Cell, after int64) ([]*group, error) {
	var groups []*group
	var last *group // the last with an id
	for i, row := range rows {
		id, number := name(row)
		if id == 0 {
			groups = append(groups, nameless(p, row, number))
			continue
		}
		if last != nil && id == last.id {
			if groups[len(groups)-1] == last {
				last.rows = rows[i-len(last.rows) : i+1 : i+1]
				continue
			}
			groups = append(groups, &group{plan: p, id: id, number: last.number, rows: [][]kingdee.Cell{row}})
			continue
		}
		if id <= after || last != nil && id < last.id {
			return nil, &kingdee.Fault{Class: kingdee.Unreadable, Code: kingdee.NoCode,
				Message: fmt.Sprintf("rows out of order: FID %d does not ascend", id)}
		}
		last = &group{plan: p, id: id, number: number, rows: rows[i : i+1 : i+1]}
		groups = append(groups, last)
	}
	return checkAll(merge(groups)), nil
}

// nameless is a row whose id cannot be read.
func nameless(p *plan, row []kingdee.Cell, number string) *group {
	return &group{plan: p, number: number, rows: [][]kingdee.Cell{row}, fault: rowFault(p, row)}
}

// merge joins neighbours of one bill. A row without an id between two rows of one bill, or beside one whose number it
// bears, is that bill's.
func merge(parts []*group) []*group {
	var groups []*group
	for i, part := range parts {
		if part.id == 0 {
			if owner := ownerOf(parts, i, groups); owner != nil {
				part.id = owner.id
			}
		}
		if n := len(groups); n > 0 && part.id != 0 && groups[n-1].id == part.id {
			groups[n-1].rows = append(groups[n-1].rows, part.rows...)
			if groups[n-1].fault == nil {
				groups[n-1].fault = part.fault
			}
			continue
		}
		groups = append(groups, part)
	}
	return groups
}

func ownerOf(parts []*group, at int, before []*group) *group {
	var previous, next *group
	if len(before) > 0 && before[len(before)-1].id != 0 {
		previous = before[len(before)-1]
	}
	if i := slices.IndexFunc(parts[at:], func(g *group) bool { return g.id != 0 }); i >= 0 {
		next = parts[at+i]
	}
	number := parts[at].number
	switch {
	case previous != nil && next != nil && previous.id == next.id:
		return previous
	case previous != nil && number != "" && previous.number == number:
		return previous
	case next != nil && number != "" && next.number == number:
		return next
	}
	return nil
}

// checkAll checks each group's rows. A row that belongs to nobody may be a line of the bill before or after it, so
// where bills have several rows its neighbours are read again by themselves.
func checkAll(groups []*group) []*group {
	for _, g := range groups {
		g.check()
	}
	for i, g := range groups {
		if g.id != 0 || g.plan.unique == "" {
			continue
		}
		if i > 0 {
			groups[i-1].drifted = true
		}
		if i+1 < len(groups) {
			groups[i+1].drifted = true
		}
	}
	return groups
}

func (g *group) check() {
	for _, row := range g.rows {
		if g.fault == nil {
			g.fault = rowFault(g.plan, row)
		}
	}
	if g.fault != nil {
		return
	}
	if g.plan.unique == "" {
		if len(g.rows) > 1 {
			g.fault = &fault{kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, g.plan.keys[0],
				fmt.Sprintf("%d rows where a bill has one", len(g.rows))}
		}
		return
	}
	if g.plan.stamped {
		first := g.plan.stamps(g.rows[0])
		g.drifted = slices.ContainsFunc(g.rows[1:],
			func(row []kingdee.Cell) bool { return g.plan.stamps(row) != first })
	}
}

// rowFault is what is wrong with a row before any of it is decoded: its length or its id.
func rowFault(p *plan, row []kingdee.Cell) *fault {
	if len(row) != len(p.keys) {
		return &fault{kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_ROW_LENGTH, "",
			fmt.Sprintf("%d cells where %d keys were asked for", len(row), len(p.keys))}
	}
	if _, ok := readID(row[0]); ok {
		return nil
	}
	d := &decoder{}
	if row[0].Kind != kingdee.Other && strings.TrimSpace(row[0].Text) == "" {
		d.missing(p.keys[0])
	} else {
		d.malformed(p.keys[0], row[0], "id")
	}
	return d.fault
}

// doubled says whether two rows have one line id: rows moved between two pages while a large bill was read.
func (g *group) doubled() bool {
	seen := map[kingdee.Cell]bool{}
	for _, row := range g.rows {
		if len(row) != len(g.plan.keys) {
			return false
		}
		id := row[g.plan.uniqueAt]
		if absent(id) {
			continue
		}
		if seen[id] {
			return true
		}
		seen[id] = true
	}
	return false
}

func (g *group) problem(f *fault, rows int) *kingdeev1.BillProblem {
	return &kingdeev1.BillProblem{
		Id: g.id, Number: g.number, Field: f.field, Reason: f.reason, Detail: f.detail,
		Rows: int32(rows), //nolint:gosec // rows of one bill, bounded by the answers' size
	}
}

func changing(detail string) *fault {
	return &fault{kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_CHANGING, "", detail}
}
