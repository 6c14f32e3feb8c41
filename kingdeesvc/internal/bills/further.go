package bills

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// addFurther reads the lines of the further entities of the drafts, each by a query of its own, and joins them by FID.
// A bill whose head is not of the same version in all reads is read again; so is one without any line of a further
// entity whose head has moved meanwhile. It answers the rows that belong to no bill, as drafts of their own.
func (r *Reading) addFurther(ctx context.Context, drafts []*draft) ([]*draft, time.Time, error) {
	further := r.entities[1:]
	byID := map[int64]*draft{}
	var ids []int64
	for _, d := range drafts {
		if len(further) > 0 && d.head.id != 0 && d.head.fault == nil && !d.bare {
			byID[d.head.id] = d
			ids = append(ids, d.head.id)
			d.further = make([]*group, len(further))
		}
	}
	if len(ids) == 0 {
		return nil, time.Time{}, nil
	}
	var strays []*draft
	var left time.Time
	for i, e := range further {
		if err := r.walkIDs(ctx, r.furtherPlan(e), ids, func(got page) error {
			left = earlier(left, got.left)
			for _, g := range got.groups {
				if d := byID[g.id]; d != nil {
					d.further[i] = g
				} else {
					strays = append(strays, &draft{head: g})
				}
			}
			return nil
		}); err != nil {
			return nil, left, err
		}
	}
	current, stateLeft, err := r.headStamps(ctx, withoutFurther(drafts, byID))
	if err != nil {
		return nil, left, err
	}
	left = earlier(left, stateLeft)
	for _, d := range drafts {
		if byID[d.head.id] != d || d.agrees(current) {
			continue
		}
		again, err := r.reread(ctx, d)
		if err != nil {
			return nil, left, err
		}
		left = earlier(left, again)
	}
	return strays, left, nil
}

// withoutFurther are the bills that have no line of some further entity.
func withoutFurther(drafts []*draft, known map[int64]*draft) []int64 {
	var ids []int64
	for _, d := range drafts {
		if known[d.head.id] == d && slices.Contains(d.further, nil) {
			ids = append(ids, d.head.id)
		}
	}
	return ids
}

// headStamps reads the present version of bills.
func (r *Reading) headStamps(ctx context.Context, ids []int64) (map[int64]stamps, time.Time, error) {
	current := map[int64]stamps{}
	var left time.Time
	if len(ids) == 0 {
		return current, left, nil
	}
	err := r.walkIDs(ctx, r.statePlan, ids, func(got page) error {
		left = earlier(left, got.left)
		for _, g := range got.groups {
			if g.id != 0 && g.fault == nil {
				current[g.id] = g.plan.stamps(g.rows[0])
			}
		}
		return nil
	})
	return current, left, err
}

// agrees says whether the rows of all entities are of one version. Rows that cannot be read are a problem anyway.
func (d *draft) agrees(current map[int64]stamps) bool {
	parts := d.parts()
	if slices.ContainsFunc(parts, func(g *group) bool { return g.fault != nil }) {
		return true
	}
	mine := d.head.plan.stamps(d.head.rows[0])
	for _, g := range parts[1:] {
		if g.plan.stamps(g.rows[0]) != mine {
			return false
		}
	}
	if !slices.Contains(d.further, nil) {
		return true
	}
	now, shown := current[d.head.id]
	return shown && now == mine
}

// reread reads one bill whole, a few times, until its parts agree.
func (r *Reading) reread(ctx context.Context, d *draft) (time.Time, error) {
	var left time.Time
	for range rereads {
		head, headLeft, err := r.alone(ctx, r.linesPlan, d.head.id)
		if err != nil {
			return left, err
		}
		left = headLeft
		if head == nil {
			return left, r.rereadBare(ctx, d)
		}
		d.head = head
		for i, e := range r.entities[1:] {
			if d.further[i], _, err = r.alone(ctx, r.furtherPlan(e), head.id); err != nil {
				return left, err
			}
		}
		current := map[int64]stamps{}
		if slices.Contains(d.further, nil) {
			if current, _, err = r.headStamps(ctx, []int64{head.id}); err != nil {
				return left, err
			}
		}
		if d.agrees(current) {
			return left, nil
		}
	}
	d.head.fault = changing(fmt.Sprintf("changed %d times between the reads of its entities", rereads))
	return left, nil
}

// rereadBare takes a bill that lost its lines while it was read: it may have none now, or be gone.
func (r *Reading) rereadBare(ctx context.Context, d *draft) error {
	bare, _, err := r.withoutLines(ctx, []int64{d.head.id})
	if err != nil {
		return err
	}
	d.further = nil
	switch {
	case len(bare) == 0:
		d.gone = true
	case bare[0].bare:
		*d = *bare[0]
	default:
		d.head.fault = changing("its lines went and came while they were read")
	}
	return nil
}
