package wire

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/form"
)

// run finds the rows of a query's page.
func (s *Face) run(q *query, p behaviour.Personality, now time.Time, rng *rand.Rand) []form.Row {
	rows := s.match(q, p, now)
	q.sort(rows, rng)
	start, end := q.window(len(rows), p)
	return rows[start:end]
}

// match collects the rows that the condition keeps, at least as many as the page reaches to when they are asked for in
// order of bills.
func (s *Face) match(q *query, p behaviour.Personality, now time.Time) []form.Row {
	enough := -1
	if q.byBill() && !q.count {
		enough = q.start + q.limit
	}
	var rows []form.Row
	s.Store.Each(q.ids, now, func(b *books.Bill) bool {
		if b.Form == q.form.FormID && !p.Hides(b) && (!q.headOK || q.keep(form.Row{Bill: b})) {
			rows = q.fanOut(rows, b, p)
		}
		return enough < 0 || len(rows) < enough
	})
	return rows
}

// fanOut adds the bill's rows: one, one per product line, or one per component.
func (q *query) fanOut(rows []form.Row, b *books.Bill, p behaviour.Personality) []form.Row {
	add := func(r form.Row) {
		if q.headOK || q.keep(r) {
			rows = append(rows, r)
		}
	}
	if q.level == form.LevelHead {
		add(form.Row{Bill: b})
		return rows
	}
	if len(b.Lines) == 0 && !p.InnerJoin {
		add(form.Row{Bill: b})
	}
	for i := range b.Lines {
		line := &b.Lines[i]
		if q.level == form.LevelLine || len(line.Components) == 0 && !p.InnerJoin {
			add(form.Row{Bill: b, Line: line})
			continue
		}
		for j := range line.Components {
			add(form.Row{Bill: b, Line: line, Component: &line.Components[j]})
		}
	}
	return rows
}

// window cuts the page out of n rows.
func (q *query) window(n int, p behaviour.Personality) (start, end int) {
	start = min(q.start, n)
	end = min(start+q.limit, n)
	switch {
	case q.topRows == 0:
	case p.TopRowCountCaps:
		end = min(end, start+q.topRows)
	default:
		end = max(start, min(end, q.topRows))
	}
	return start, end
}

// appendRows writes ExecuteBillQuery's answer: arrays of cells, without names.
func (q *query) appendRows(out []byte, rows []form.Row, p behaviour.Personality, d *behaviour.Damages) []byte {
	out = append(out, '[')
	for i, r := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '[')
		for j := range d.Cells(r.Bill.ID, len(q.fields)) {
			if j > 0 {
				out = append(out, ',')
			}
			out = q.appendCell(out, r, j, p, d)
		}
		out = append(out, ']')
	}
	return append(out, ']')
}

// appendObjects writes BillQuery's answer: objects with the keys as they were
// spelled in the request.
func (q *query) appendObjects(out []byte, rows []form.Row, p behaviour.Personality, d *behaviour.Damages) []byte {
	out = append(out, '[')
	for i, r := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '{')
		for j := range d.Cells(r.Bill.ID, len(q.fields)) {
			if j > 0 {
				out = append(out, ',')
			}
			out = strconv.AppendQuote(out, q.keys[j])
			out = append(out, ':')
			out = q.appendCell(out, r, j, p, d)
		}
		out = append(out, '}')
	}
	return append(out, ']')
}

func (q *query) appendCell(out []byte, r form.Row, j int, p behaviour.Personality, d *behaviour.Damages) []byte {
	if d.Nulls(r.Bill.ID, q.fields[j].Key) {
		return append(out, "null"...)
	}
	return appendCell(out, q.fields[j].Get(r), r.Bill.ID, p.DotNetDates)
}

// appendCount writes the number of rows as a page of one row.
func (q *query) appendCount(out []byte, n int, named bool) []byte {
	if named {
		return append(out, mustJSON([]map[string]int{{q.keys[0]: n}})...)
	}
	return append(out, mustJSON([][]int{{n}})...)
}
