package bills

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// decodeBill turns a draft's rows into a bill, or says why it cannot. zone is the server's.
func (r *Reading) decodeBill(from *draft, zone *time.Location) (*kingdeev1.Bill, *fault) {
	for _, g := range from.parts() {
		if g.fault != nil {
			return nil, g.fault
		}
	}
	d := &decoder{shape: r.shape, zone: zone, dates: r.dates}
	p, rows := from.head.plan, from.head.rows
	made := &struct { // one piece of memory: nearly every bill has lines of one entity
		bill  kingdeev1.Bill
		lines kingdeev1.EntityLines
		list  [1]*kingdeev1.EntityLines
	}{}
	out := &made.bill
	out.FormId, out.Rows = r.formID, int32(from.rows()) //nolint:gosec // rows of one bill, bounded by the answers' size
	fill(d, p.heads, r.head, out, rows[0])
	d.events(out.GetCreateTime(), r.events(&out.ModifyTime, &out.ApproveTime, &out.CancelTime, &out.CloseTime))
	out.CancelTimeIsDate = out.CancelTimeIsDate && out.CancelTime != nil
	out.CloseTimeIsDate = out.CloseTimeIsDate && out.CloseTime != nil
	out.EndState = endState(out.CancelStatus, out.EndState)
	out.Extra = p.extras(d, p.extra.bill, rows[0])
	// Whether a server joins a bill without lines outer or inner is not documented: one row without an entry id is
	// none.
	if !from.bare && (len(rows) > 1 || !absent(rows[0][p.uniqueAt])) {
		made.lines.Name, made.lines.Lines = r.entities[0].name, r.decodeLines(d, r.entities[0], from.head, rows)
		made.list[0], out.Entities = &made.lines, made.list[:]
	}
	for i, g := range from.further {
		if g == nil {
			continue
		}
		// Lines of the entity above that have none below them are rows without an id.
		rows := slices.DeleteFunc(slices.Clone(g.rows), func(row []kingdee.Cell) bool {
			return absent(row[g.plan.uniqueAt])
		})
		if e := r.entities[i+1]; len(rows) > 0 {
			lines := r.decodeLines(d, e, g, rows)
			out.Entities = append(out.Entities, &kingdeev1.EntityLines{Name: e.name, Lines: lines})
		}
	}
	if d.fault != nil {
		return nil, d.fault
	}
	return out, nil
}

// decodeLines are the lines of one entity, ascending. It refuses a bill with one line twice: an extra key of another
// entity multiplies rows.
func (r *Reading) decodeLines(d *decoder, e entity, g *group, rows [][]kingdee.Cell) []*kingdeev1.Line {
	made := make([]kingdeev1.Line, len(rows))
	lines := make([]*kingdeev1.Line, len(rows))
	for i, row := range rows {
		lines[i] = &made[i]
		fill(d, g.plan.lines, e.columns, lines[i], row)
		lines[i].Extra = g.plan.extras(d, g.plan.extra.line, row)
	}
	slices.SortFunc(lines, func(a, b *kingdeev1.Line) int { return cmp.Compare(a.Id, b.Id) })
	for i := 1; i < len(lines); i++ {
		if id := lines[i].Id; id == lines[i-1].Id {
			d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, e.id,
				"line %d comes twice: does an extra key belong to another entity?", id)
		}
	}
	return lines
}

// events are the dates of a bill after its creation, with the keys that hold for them.
func (r *Reading) events(modified, approved, cancelled, closed **timestamppb.Timestamp) [4]event {
	return [...]event{
		{r.key[nameModifyTime], modified}, {r.key[nameApproveTime], approved}, {r.key[nameCancelTime], cancelled},
		{r.key[nameCloseTime], closed},
	}
}

// endState is how a bill has ended, where closed is what the column of that state says. A void goes before it.
func endState(cancel kingdeev1.CancelStatus, closed kingdeev1.EndState) kingdeev1.EndState {
	switch {
	case cancel == kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED:
		return kingdeev1.EndState_END_STATE_VOIDED
	case closed == kingdeev1.EndState_END_STATE_UNSPECIFIED:
		return kingdeev1.EndState_END_STATE_NONE
	}
	return closed
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
