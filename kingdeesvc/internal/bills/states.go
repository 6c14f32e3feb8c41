package bills

import (
	"context"
	"time"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// StatePage is some bills' states, ascending.
type StatePage struct {
	States   []*kingdeev1.BillState
	Problems []*kingdeev1.BillProblem
	Left     time.Time
}

// States reads id, number, states and dates, one row a bill. The next page is read while emit has the last.
func (s *Selected) States(ctx context.Context, emit func(StatePage) error) error {
	return ahead(ctx, s.states, func(got page) error { return emitStates(s.reading, got, emit) })
}

func (s *Selected) states(ctx context.Context, emit func(page) error) error {
	r := s.reading
	if filters := s.where(); s.ids == nil && len(filters) == 1 {
		return r.walk(ctx, r.statePlan, filters[0], s.after, emit)
	}
	return s.eachIDs(ctx, idsPerQuery, func(part idPage) error {
		if len(part.strays) > 0 {
			if err := emit(page{groups: part.strays, left: part.listed}); err != nil {
				return err
			}
		}
		if len(part.ids) == 0 {
			return nil
		}
		return r.walkIDs(ctx, r.statePlan, part.ids, func(got page) error {
			got.left = earlier(got.left, part.asOf())
			return emit(got)
		})
	})
}

func emitStates(r *Reading, got page, emit func(StatePage) error) error {
	if len(got.groups) == 0 {
		return nil
	}
	out, zone := StatePage{Left: got.left}, r.zone()
	for _, g := range got.groups {
		if g.fault == nil {
			d := &decoder{shape: r.shape, zone: zone, dates: r.dates}
			decoded := &kingdeev1.BillState{}
			fill(d, g.plan.states, r.state, decoded, g.rows[0])
			later := r.events(&decoded.ModifyTime, &decoded.ApproveTime, &decoded.CancelTime, &decoded.CloseTime)
			d.events(decoded.GetCreateTime(), later)
			decoded.EndState = endState(decoded.CancelStatus, decoded.EndState)
			decoded.CancelTimeIsDate = decoded.CancelTimeIsDate && decoded.CancelTime != nil
			decoded.CloseTimeIsDate = decoded.CloseTimeIsDate && decoded.CloseTime != nil
			if g.fault = d.fault; g.fault == nil {
				out.States = append(out.States, decoded)
				continue
			}
		}
		out.Problems = append(out.Problems, g.problem(g.fault, len(g.rows)))
	}
	return emit(out)
}
