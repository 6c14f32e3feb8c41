package assembled

import (
	"cmp"
	"slices"
	"strings"
	"time"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// decodeBill turns a draft's rows into a bill, or says why it cannot. zone is the server's.
func (r *Reader) decodeBill(from *draft, zone *time.Location) (*kingdeev1.AssemblyBill, *fault) {
	if from.head.fault != nil {
		return nil, from.head.fault
	}
	if from.components != nil && from.components.fault != nil {
		return nil, from.components.fault
	}
	d := &decoder{zone: zone, dates: r.dates}
	p, rows := from.head.plan, from.head.rows
	out := &kingdeev1.AssemblyBill{
		Rows: int32(from.rows()),
	} //nolint:gosec // rows of one bill, bounded by the answers' size
	fill(d, p.heads, headColumns, out, rows[0])
	d.events(out.GetCreateTime(), &out.ModifyTime, &out.ApproveTime, &out.CancelTime)
	out.CancelTimeIsDate = out.CancelTimeIsDate && out.CancelTime != nil
	out.Extra = p.extras(d, p.extra.bill, rows[0])
	// Whether a server joins a bill without lines outer or inner is not documented: one row without an
	// entry id is none.
	if !from.bare && (len(rows) > 1 || !absent(rows[0][p.uniqueAt])) {
		lines := make([]kingdeev1.ProductLine, len(rows))
		out.ProductLines = make([]*kingdeev1.ProductLine, len(rows))
		for i, row := range rows {
			line := &lines[i]
			fill(d, p.products, productColumns, line, row)
			line.Extra = p.extras(d, p.extra.line, row)
			out.ProductLines[i] = line
		}
	}
	if from.components != nil {
		out.ComponentLines = decodeComponents(d, from.components)
	}
	slices.SortFunc(out.ProductLines,
		func(a, b *kingdeev1.ProductLine) int { return cmp.Compare(a.EntryId, b.EntryId) })
	slices.SortFunc(out.ComponentLines,
		func(a, b *kingdeev1.ComponentLine) int { return cmp.Compare(a.DetailId, b.DetailId) })
	d.distinct(out)
	if d.fault != nil {
		return nil, d.fault
	}
	return out, nil
}

// decodeComponents leaves out the rows of product lines that have no component.
func decodeComponents(d *decoder, g *group) []*kingdeev1.ComponentLine {
	var lines []*kingdeev1.ComponentLine
	for _, row := range g.rows {
		if absent(row[g.plan.uniqueAt]) {
			continue
		}
		line := &kingdeev1.ComponentLine{}
		fill(d, g.plan.components, componentColumns, line, row)
		lines = append(lines, line)
	}
	return lines
}

// distinct refuses a bill with one line twice: an extra key of another entity multiplies rows.
func (d *decoder) distinct(b *kingdeev1.AssemblyBill) {
	const twice = "line %d comes twice: does an extra key belong to another entity?"
	for i := 1; i < len(b.ProductLines); i++ {
		if id := b.ProductLines[i].EntryId; id == b.ProductLines[i-1].EntryId {
			d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, keyEntryID, twice, id)
		}
	}
	for i := 1; i < len(b.ComponentLines); i++ {
		if id := b.ComponentLines[i].DetailId; id == b.ComponentLines[i-1].DetailId {
			d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, keyDetailID, twice, id)
		}
	}
}

// absent is how a line id looks where an outer join found no line: null, zero, or these as text.
func absent(cell kingdee.Cell) bool {
	switch cell.Kind {
	case kingdee.Null:
		return true
	case kingdee.Number, kingdee.Text:
		return strings.Trim(cell.Text, " 0.") == ""
	}
	return false
}
