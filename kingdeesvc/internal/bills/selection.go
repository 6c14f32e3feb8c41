package bills

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
)

// Selection says which bills. Exactly one of Since, IDs and Numbers is used.
type Selection struct {
	Since   time.Time
	AfterID int64
	IDs     []int64
	Numbers []string
}

// Select prepares a selection: MidnightEdges is taken now and holds for all of it, and a number that cannot be looked
// for is refused before anything is sent. The zone is asked only when reading begins, when a login has told of it.
func (r *Reading) Select(s Selection) (*Selected, error) {
	switch {
	case len(s.IDs) > 0:
		ids := slices.Clone(s.IDs)
		slices.Sort(ids)
		return &Selected{reading: r, ids: slices.Compact(ids)}, nil
	case len(s.Numbers) > 0:
		numbers := slices.Clone(s.Numbers)
		slices.Sort(numbers)
		selected := &Selected{reading: r, byNumber: true}
		for chunk := range slices.Chunk(slices.Compact(numbers), numbersPerQuery) {
			filter, err := literal.InTexts(r.key[nameNumber], chunk)
			if err != nil {
				return nil, &InvalidRequest{Field: "numbers", Reason: err}
			}
			selected.filters = append(selected.filters, always(filter))
		}
		return selected, nil
	}
	if year := s.Since.In(r.zone()).Year(); year > 9999 {
		return nil, &InvalidRequest{Field: "changed_since.since", Reason: fmt.Errorf("year %d", year)}
	}
	edges := r.dates.dateOnly(r.edges)
	return &Selected{reading: r, changes: true, since: s.Since, after: s.AfterID, MidnightEdges: edges}, nil
}

const (
	// numbersPerQuery and idsPerQuery keep one filter to a few kilobytes.
	numbersPerQuery = 500
	idsPerQuery     = 500
)

// Selected is a prepared selection.
type Selected struct {
	reading *Reading
	// ids, or filters that list them, or changes since a time.
	ids      []int64
	filters  []condition
	byNumber bool
	changes  bool
	since    time.Time
	after    int64
	// MidnightEdges are the keys whose lower edge was rounded down to midnight.
	MidnightEdges []string
}

// where is what the listing queries ask for.
func (s *Selected) where() []condition {
	if s.changes {
		r := s.reading
		return []condition{func() string {
			keys := slices.DeleteFunc(slices.Clone(r.edges), r.missing.has)
			return edge(keys, s.since, r.zone(), s.MidnightEdges)
		}}
	}
	return s.filters
}

// idPage is some ids to read, with what could not even be listed.
type idPage struct {
	ids    []int64
	strays []*group
	// listed is when the listing left; zero when the ids came from the caller.
	listed time.Time
	// asOfListing: what is read is known only as of the listing, as with the holder of a number.
	asOfListing bool
}

// asOf is the listing's time where it bounds what is read.
func (p idPage) asOf() time.Time {
	if p.asOfListing {
		return p.listed
	}
	return time.Time{}
}

// eachIDs calls visit with ascending ids, a bounded number at a time.
func (s *Selected) eachIDs(ctx context.Context, most int, visit func(idPage) error) error {
	visitChunks := func(listed idPage) error {
		first := true
		for chunk := range slices.Chunk(listed.ids, most) {
			part := idPage{ids: chunk, listed: listed.listed, asOfListing: s.byNumber}
			if first {
				part.strays = listed.strays
			}
			first = false
			if err := visit(part); err != nil {
				return err
			}
		}
		if first && len(listed.strays) > 0 {
			return visit(idPage{strays: listed.strays, listed: listed.listed})
		}
		return nil
	}
	if s.ids != nil {
		return visitChunks(idPage{ids: s.ids})
	}
	filters := s.where()
	if len(filters) > 1 {
		all := idPage{}
		for _, filter := range filters {
			if err := s.list(ctx, filter, func(part idPage) error {
				all.ids = append(all.ids, part.ids...)
				all.strays = append(all.strays, part.strays...)
				all.listed = earlier(all.listed, part.listed)
				return nil
			}); err != nil {
				return err
			}
		}
		slices.Sort(all.ids)
		all.ids = slices.Compact(all.ids)
		return visitChunks(all)
	}
	return s.list(ctx, filters[0], visitChunks)
}

// list finds the ids that a filter selects, page by page.
func (s *Selected) list(ctx context.Context, filter condition, visit func(idPage) error) error {
	return s.reading.walk(ctx, s.reading.listPlan, filter, s.after, func(got page) error {
		part := idPage{listed: got.left}
		for _, g := range got.groups {
			if g.id == 0 {
				part.strays = append(part.strays, g)
			} else {
				part.ids = append(part.ids, g.id) // whatever else is wrong with it shows when it is read
			}
		}
		return visit(part)
	})
}

// walk steps through all pages of a filter.
func (r *Reading) walk(
	ctx context.Context, plans planner, filter condition, after int64, visit func(page) error,
) error {
	return r.walkFrom(ctx, plans, filter, cursor{after: after}, visit)
}

// walkIDs steps through all pages of these bills.
func (r *Reading) walkIDs(ctx context.Context, plans planner, ids []int64, visit func(page) error) error {
	return r.walkFrom(ctx, plans, always(literal.InIDs(r.key[nameID], ids)), cursor{want: len(ids)}, visit)
}

func (r *Reading) walkFrom(
	ctx context.Context, plans planner, filter condition, at cursor, visit func(page) error,
) error {
	for {
		got, err := r.step(ctx, plans, filter, at)
		if err != nil {
			return err
		}
		if err := visit(got); err != nil {
			return err
		}
		if got.last {
			return nil
		}
		at = got.next
	}
}

// chunk is how many bills to ask for at once, so that their rows usually fit a page.
func (r *Reading) chunk() int { return min(max(r.limit/4, 10), idsPerQuery) }

// reach is the highest id that a page speaks for.
func (p page) reach() int64 {
	if p.last {
		return math.MaxInt64 - 1
	}
	return p.next.after
}

func asFault(err error) (*kingdee.Fault, bool) { return errors.AsType[*kingdee.Fault](err) }
