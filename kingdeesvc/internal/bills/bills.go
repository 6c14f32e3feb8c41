package bills

import (
	"cmp"
	"context"
	"slices"
	"time"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Page is some whole bills, ascending.
type Page struct {
	Bills    []*kingdeev1.Bill
	Problems []*kingdeev1.BillProblem
	Left     time.Time
}

// Bills reads whole bills. Which bills there are is listed first, head by head, so that bills without lines are met
// too; then their lines are read by id. A bill's rows are those of the queries it was made of: one an entity, or the
// head's where it has no lines; the listing's rows count only where nothing but the listing showed them. The next page
// is read while emit has the last.
func (s *Selected) Bills(ctx context.Context, emit func(Page) error) error {
	return ahead(ctx, s.drafts, func(got drafts) error {
		if page := s.reading.decodePage(got); len(page.Bills) > 0 || len(page.Problems) > 0 {
			return emit(page)
		}
		return nil
	})
}

func (s *Selected) drafts(ctx context.Context, emit func(drafts) error) error {
	return s.eachIDs(ctx, s.reading.chunk(), func(part idPage) error {
		if len(part.strays) > 0 {
			strays := drafts{left: part.listed}
			for _, g := range part.strays {
				strays.list = append(strays.list, &draft{head: g})
			}
			if err := emit(strays); err != nil {
				return err
			}
		}
		return s.reading.whole(ctx, part, emit)
	})
}

// whole reads the bills of these ids. An id that is not shown is simply absent.
func (r *Reading) whole(ctx context.Context, part idPage, emit func(drafts) error) error {
	if len(part.ids) == 0 {
		return nil
	}
	left := part.ids
	return r.walkIDs(ctx, r.linesPlan, part.ids, func(got page) error {
		end, _ := slices.BinarySearch(left, got.reach()+1)
		covered := left[:end]
		left = left[end:]
		list := make([]*draft, 0, len(covered))
		for _, g := range got.groups {
			list = append(list, &draft{head: g})
		}
		bare, bareLeft, err := r.withoutLines(ctx, without(covered, got.groups))
		if err != nil {
			return err
		}
		list = append(list, bare...)
		slices.SortStableFunc(list, func(a, b *draft) int { return cmp.Compare(a.head.id, b.head.id) })
		first := earlier(earlier(got.left, bareLeft), part.asOf())
		strays, furtherLeft, err := r.addFurther(ctx, list)
		if err != nil {
			return err
		}
		list = append(list, strays...)
		first = earlier(first, furtherLeft)
		return emit(drafts{list, first})
	})
}

// drafts are bills of one page before decoding: reading them and decoding them are different goroutines' work, so that
// the vendor is asked for the next page meanwhile.
type drafts struct {
	list []*draft
	left time.Time
}

// draft is a bill before decoding.
type draft struct {
	// head is the rows of head and first entity; further are those of each further entity, nil where it has none.
	head    *group
	further []*group
	// bare: known to have no lines of the first entity; head is a row of the head alone.
	bare bool
	gone bool
}

// parts are all its groups, the head's first.
func (d *draft) parts() []*group {
	parts := append(make([]*group, 0, 1+len(d.further)), d.head)
	for _, g := range d.further {
		if g != nil {
			parts = append(parts, g)
		}
	}
	return parts
}

func (d *draft) rows() int {
	n := 0
	for _, g := range d.parts() {
		n += len(g.rows)
	}
	return n
}

// without are the ids that no group stands for.
func without(ids []int64, groups []*group) []int64 {
	have := make(map[int64]bool, len(groups))
	for _, g := range groups {
		have[g.id] = true
	}
	var missing []int64
	for _, id := range ids {
		if !have[id] {
			missing = append(missing, id)
		}
	}
	return missing
}

// withoutLines looks at ids that showed no row of the first entity. A bill whose head is there, and whose lines are
// still not after the head was seen, has none; without a head it is not shown at all.
func (r *Reading) withoutLines(ctx context.Context, ids []int64) ([]*draft, time.Time, error) {
	if len(ids) == 0 {
		return nil, time.Time{}, nil
	}
	var heads, late []*group
	var left time.Time
	gather := func(into *[]*group) func(page) error {
		return func(got page) error {
			left = earlier(left, got.left)
			*into = append(*into, got.groups...)
			return nil
		}
	}
	if err := r.walkIDs(ctx, r.headPlan, ids, gather(&heads)); err != nil {
		return nil, left, err
	}
	if len(heads) == 0 {
		return nil, left, nil
	}
	var shown []int64
	for _, g := range named(heads) {
		shown = append(shown, g.id)
	}
	if len(shown) > 0 {
		if err := r.walkIDs(ctx, r.linesPlan, shown, gather(&late)); err != nil {
			return nil, left, err
		}
	}
	var drafts []*draft
	byID := make(map[int64]bool, len(late))
	for _, g := range late {
		byID[g.id] = true
		drafts = append(drafts, &draft{head: g})
	}
	for _, g := range heads {
		if g.id == 0 || !byID[g.id] {
			drafts = append(drafts, &draft{head: g, bare: true})
		}
	}
	return drafts, left, nil
}

// decodePage makes a page of drafts.
func (r *Reading) decodePage(from drafts) Page {
	out, zone := Page{Left: from.left}, r.zone()
	for _, d := range from.list {
		if d.gone {
			continue
		}
		decoded, f := r.decodeBill(d, zone)
		if f != nil {
			out.Problems = append(out.Problems, d.head.problem(f, d.rows()))
			continue
		}
		out.Bills = append(out.Bills, decoded)
	}
	return out
}
