package bills

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// planner makes the plan for a query at the moment it is sent: a key found missing is gone from the next one.
type planner func() *plan

// condition makes the filter of a query at the moment it is sent, for the same reason.
type condition func() string

// always is a condition without a key that may be missing.
func always(filter string) condition { return func() string { return filter } }

// query runs one query, again without an optional key where the server says that it has no such key.
func (r *Reading) query(ctx context.Context, plans planner, where condition, startRow int) (
	*plan, *kingdee.Table, error,
) {
	for {
		p := plans()
		table, err := r.vendor.Query(ctx, kingdee.Query{
			FormID: r.formID, FieldKeys: p.keys, Filter: where(), Order: p.order, StartRow: startRow, Limit: r.limit,
		})
		if err != nil && r.dropMissing(ctx, p, err) {
			continue
		}
		return p, table, err
	}
}

// noteCut reports a page that was shorter than asked for and not the last.
func (r *Reading) noteCut(ctx context.Context, rows int) {
	if r.sizes.cut(rows) {
		r.logger.WarnContext(ctx,
			"kingdee: this server serves fewer rows a page than KINGDEE_PAGE_ROWS asks for; reading on all the same",
			"asked", r.limit, "served", rows)
	}
}

// page is what one step of reading gave: whole bills in ascending order.
type page struct {
	groups []*group
	// next is where to go on; meaningless when last.
	next cursor
	last bool
	left time.Time
}

// cursor is a place in a key-ordered read. start skips rows whose ids cannot be read and that would be met again.
type cursor struct {
	after int64
	start int
	// short is the rows of the page before where that was shorter than asked for and yet not proved to be the last;
	// seen is its highest id.
	short int
	seen  int64
	// want is how many bills there can be at most, where they are asked for one by one; 0 = not known.
	want int
}

// step reads one page above the cursor. A bill that the page's edge may have cut is left to the next page; one that
// fills a page alone is read by itself.
func (r *Reading) step(ctx context.Context, plans planner, filter condition, at cursor) (page, error) {
	where := filter
	if at.after > 0 {
		where = func() string { return fmt.Sprintf("%s and %s > %d", filter(), r.key[nameID], at.after) }
	}
	p, table, err := r.query(ctx, plans, where, at.start)
	if err != nil {
		return page{}, err
	}
	rows := len(table.Rows)
	got := page{left: table.Meta.Left, last: r.sizes.last(rows, r.limit, table.Meta.Left)}
	groups, err := collect(p, p.distinct(table.Rows), at.after)
	if err != nil {
		return page{}, err
	}
	got.groups = groups
	if p.unique == "" && at.want > 0 && len(named(groups)) >= at.want {
		got.last = true // all that were asked for are here
	}
	highest := highestID(groups)
	if at.short > 0 && highest > at.seen {
		r.noteCut(ctx, at.short)
	}
	if !got.last {
		if err := r.cut(ctx, plans, &got, at, rows); err != nil {
			return page{}, err
		}
		if rows < r.limit {
			got.next.short, got.next.seen = rows, highest
		}
	}
	return got, r.unify(ctx, plans, &got)
}

// cut takes the last bill off a page that is not the last one, unless bills are single rows here. Rows without an id
// behind the bill that ends the page go too: the next page shows them again.
func (r *Reading) cut(ctx context.Context, plans planner, got *page, at cursor, rows int) error {
	ids := named(got.groups)
	if len(ids) == 0 {
		got.next = cursor{after: at.after, start: at.start + rows}
		return nil
	}
	end := ids[len(ids)-1]
	single := end.plan.unique == ""
	if !single && len(ids) > 1 {
		end = ids[len(ids)-2]
	}
	got.groups = got.groups[:slices.Index(got.groups, end)+1]
	got.next = cursor{after: end.id}
	if single || len(ids) > 1 {
		return nil
	}
	whole, left, err := r.alone(ctx, plans, end.id)
	if err != nil {
		return err
	}
	replace(got, end, whole)
	got.left = earlier(got.left, left)
	return nil
}

// unify reads every bill again whose rows are not of one version.
func (r *Reading) unify(ctx context.Context, plans planner, got *page) error {
	for _, g := range named(got.groups) {
		if !g.drifted {
			continue
		}
		whole, left, err := r.alone(ctx, plans, g.id)
		if err != nil {
			return err
		}
		replace(got, g, whole)
		got.left = earlier(got.left, left)
	}
	return nil
}

// rereads is how often a bill that changes while it is read is read again.
const rereads = 3

// alone reads all rows of one bill by counting, and checks that they are of one version. It answers nil for a bill that
// is not shown any more.
func (r *Reading) alone(ctx context.Context, plans planner, id int64) (*group, time.Time, error) {
	var g *group
	var left time.Time
	for range rereads {
		var err error
		if g, left, err = r.readPages(ctx, plans, id); err != nil || g == nil {
			return nil, left, err
		}
		if g.fault != nil || !g.drifted && !g.doubled() {
			return g, left, nil
		}
	}
	g.fault, g.drifted = changing("its lines kept changing while they were read"), false
	return g, left, nil
}

func (r *Reading) readPages(ctx context.Context, plans planner, id int64) (*group, time.Time, error) {
	var g *group
	var first time.Time
	for start, short := 0, 0; ; {
		p, table, err := r.query(ctx, plans, always(fmt.Sprintf("%s = %d", r.key[nameID], id)), start)
		if err != nil {
			return nil, first, err
		}
		first = earlier(first, table.Meta.Left)
		if len(table.Rows) > 0 && g == nil {
			_, number := name(table.Rows[0])
			g = &group{plan: p, id: id, number: number}
		}
		if g != nil {
			g.rows = append(g.rows, p.distinct(table.Rows)...)
		}
		rows := len(table.Rows)
		if short > 0 && rows > 0 {
			r.noteCut(ctx, short)
		}
		if start += rows; r.sizes.last(rows, r.limit, table.Meta.Left) {
			break
		}
		if short = 0; rows < r.limit {
			short = rows
		}
	}
	if g != nil {
		g.check()
	}
	return g, first, nil
}

// named are the groups that have an id.
func named(groups []*group) []*group {
	ids := make([]*group, 0, len(groups))
	for _, g := range groups {
		if g.id != 0 {
			ids = append(ids, g)
		}
	}
	return ids
}

func highestID(groups []*group) int64 {
	if ids := named(groups); len(ids) > 0 {
		return ids[len(ids)-1].id
	}
	return 0
}

// replace puts whole in old's place; nil takes it away.
func replace(got *page, old, whole *group) {
	at := slices.Index(got.groups, old)
	if whole == nil {
		got.groups = slices.Delete(got.groups, at, at+1)
		return
	}
	got.groups[at] = whole
}

// earlier is the earlier of two moments, the zero time being none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
