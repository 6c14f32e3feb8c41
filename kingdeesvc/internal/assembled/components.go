package assembled

import (
	"context"
	"fmt"
	"time"
)

// addComponents reads the component lines of the drafts by a second query and joins them by FID. A bill whose head is
// not of the same version in both reads is read again; so is one without any component row whose head has moved
// meanwhile. It answers the rows that belong to no bill, as drafts of their own.
func (r *Reader) addComponents(ctx context.Context, drafts []*draft, o Options) ([]*draft, time.Time, error) {
	byID := map[int64]*draft{}
	var ids []int64
	for _, d := range drafts {
		if d.head.id != 0 && d.head.fault == nil && !d.bare {
			byID[d.head.id] = d
			ids = append(ids, d.head.id)
		}
	}
	if len(ids) == 0 {
		return nil, time.Time{}, nil
	}
	var strays []*draft
	var left time.Time
	if err := r.walkIDs(ctx, r.componentPlan, ids, func(got page) error {
		left = earlier(left, got.left)
		for _, g := range got.groups {
			if d := byID[g.id]; d != nil {
				d.components = g
			} else {
				strays = append(strays, &draft{head: g})
			}
		}
		return nil
	}); err != nil {
		return nil, left, err
	}
	current, stateLeft, err := r.headStamps(ctx, bareOfComponents(drafts, byID))
	if err != nil {
		return nil, left, err
	}
	left = earlier(left, stateLeft)
	for _, d := range drafts {
		if byID[d.head.id] != d || d.agrees(current) {
			continue
		}
		again, err := r.reread(ctx, d, o)
		if err != nil {
			return nil, left, err
		}
		left = earlier(left, again)
	}
	return strays, left, nil
}

func bareOfComponents(drafts []*draft, known map[int64]*draft) []int64 {
	var ids []int64
	for _, d := range drafts {
		if known[d.head.id] == d && d.components == nil {
			ids = append(ids, d.head.id)
		}
	}
	return ids
}

// headStamps reads the present version of bills.
func (r *Reader) headStamps(ctx context.Context, ids []int64) (map[int64]stamps, time.Time, error) {
	current := map[int64]stamps{}
	var left time.Time
	if len(ids) == 0 {
		return current, left, nil
	}
	err := r.walkIDs(ctx, statePlan, ids, func(got page) error {
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

// agrees says whether product and component rows are of one version. Rows that cannot be read are a problem anyway.
func (d *draft) agrees(current map[int64]stamps) bool {
	if d.head.fault != nil || d.components != nil && d.components.fault != nil {
		return true
	}
	mine := d.head.plan.stamps(d.head.rows[0])
	if d.components != nil {
		return d.components.plan.stamps(d.components.rows[0]) == mine
	}
	now, shown := current[d.head.id]
	return shown && now == mine
}

// reread reads one bill whole, a few times, until its parts agree.
func (r *Reader) reread(ctx context.Context, d *draft, o Options) (time.Time, error) {
	products := func() *plan { return r.productPlan(o) }
	var left time.Time
	for range rereads {
		head, headLeft, err := r.alone(ctx, products, d.head.id)
		if err != nil {
			return left, err
		}
		left = headLeft
		if head == nil {
			return left, r.rereadBare(ctx, d, o)
		}
		components, _, err := r.alone(ctx, r.componentPlan, d.head.id)
		if err != nil {
			return left, err
		}
		d.head, d.components = head, components
		current := map[int64]stamps{}
		if components == nil {
			if current, _, err = r.headStamps(ctx, []int64{head.id}); err != nil {
				return left, err
			}
		}
		if d.agrees(current) {
			return left, nil
		}
	}
	d.head.fault = changing(fmt.Sprintf("changed %d times between the reads of its products and its components",
		rereads))
	return left, nil
}

// rereadBare takes a bill that lost its product rows while it was read: it may have none now, or be gone.
func (r *Reader) rereadBare(ctx context.Context, d *draft, o Options) error {
	bare, _, err := r.withoutLines(ctx, []int64{d.head.id}, o)
	if err != nil {
		return err
	}
	d.components = nil
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
