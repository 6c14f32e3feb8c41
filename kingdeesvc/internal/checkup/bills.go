package checkup

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
)

const (
	window   = 30 * 24 * time.Hour
	pageRows = 2000
	// mostPages bounds the count; a merchant with more bills a month knows that we see them.
	mostPages = 10
)

// dateKeys are the four dates of a bill, in the order of recent.
func (r *formRound) dateKeys() []string {
	return []string{r.key("create_time"), r.key("modify_time"), r.key("approve_time"), r.key("cancel_time")}
}

// recent is one bill of the window.
type recent struct {
	organization string
	dates        [4]kingdee.Cell
}

// bills counts the bills of each organisation and looks what their dates are like.
func (r *formRound) bills(ctx context.Context) {
	switch {
	case !r.asked:
		return
	case !r.queried:
		r.skip("bills", "dates")
		return
	}
	more, err := r.read(ctx)
	if err != nil {
		r.add("bills", Failed, said(err), adviceOn(err, r.form))
		r.skip("dates")
		return
	}
	r.count(ctx, more)
	r.dates()
}

func (r *formRound) read(ctx context.Context) (more bool, err error) {
	since := literal.TimeLiteral(r.settings.Now().Add(-window), r.client.Zone())
	f := r.form
	keys := append([]string{r.key("id"), r.key("org_number")}, r.dateKeys()...)
	for range mostPages {
		table, err := r.client.Query(ctx, kingdee.Query{
			FormID: f.ID, FieldKeys: keys, Order: r.key("id") + " ASC", Limit: pageRows,
			Filter: fmt.Sprintf("(%[1]s>=%[3]s or %[2]s>=%[3]s) and %[4]s > %[5]d",
				r.key("create_time"), r.key("modify_time"), since, r.key("id"), r.newest),
		})
		if err != nil {
			return false, err
		}
		for _, row := range table.Rows {
			if len(row) != len(keys) {
				continue
			}
			one := recent{organization: strings.TrimSpace(row[1].Text)}
			copy(one.dates[:], row[2:])
			r.rows = append(r.rows, one)
			if id, err := strconv.ParseInt(row[0].Text, 10, 64); err == nil {
				r.newest = max(r.newest, id)
			}
		}
		if len(table.Rows) < pageRows {
			return false, nil
		}
	}
	return true, nil
}

// count tells how many bills each organisation has. Data permission hides bills without a word, so zero is suspicious.
func (r *formRound) count(ctx context.Context, more bool) {
	counts := map[string]int{}
	for _, row := range r.rows {
		counts[row.organization]++
	}
	wanted := r.options.Organizations
	if len(wanted) == 0 {
		wanted = r.organizations(ctx)
	}
	var none []string
	for _, organization := range wanted {
		if counts[organization] == 0 {
			counts[organization] = 0
			none = append(none, organization)
		}
	}
	parts := make([]string, 0, len(counts))
	for organization, n := range counts {
		parts = append(parts, fmt.Sprintf("%s: %d", organization, n))
	}
	slices.Sort(parts)
	found := Text{strings.Join(parts, ", "), strings.Join(parts, ", ")}
	if more {
		found = found.and(say("（至少）", " (at least)"))
	}
	permission := say("如果那里应当有单据，请金蝶管理员检查该用户的组织和数据权限（数据规则）：没有权限的单据会被静默隐藏",
		"if there should be bills, have a Kingdee administrator look at this user's organisations and data "+
			"permission (数据规则): bills without permission are hidden without a word")
	switch {
	case len(r.rows) == 0:
		r.add("bills", Warning, say("一张也没有", "none at all"), permission)
	case len(none) > 0:
		r.add("bills", Warning,
			found.and(say("；组织 %s 一张也没有", "; organisation %s has none", strings.Join(none, ", "))), permission)
	default:
		r.add("bills", OK, found, Text{})
	}
}

// organizations asks for those in use; a user who may not read them only misses a warning.
func (r *formRound) organizations(ctx context.Context) []string {
	table, err := r.client.Query(ctx, kingdee.Query{
		FormID: "ORG_Organizations", FieldKeys: []string{"FNumber"}, Filter: "FForbidStatus = 'A'",
		Order: "FNumber ASC", Limit: 100,
	})
	if err != nil {
		return nil
	}
	var numbers []string
	for _, row := range table.Rows {
		if len(row) == 1 && row[0].Kind == kingdee.Text {
			numbers = append(numbers, strings.TrimSpace(row[0].Text))
		}
	}
	return numbers
}

// dates tells which date fields carry a time of day here.
func (r *formRound) dates() {
	if len(r.rows) == 0 {
		r.add("dates", Skipped, say("没有单据可看", "there are no bills to look at"), Text{})
		return
	}
	keys := r.dateKeys()
	zh, en := make([]string, 0, len(keys)), make([]string, 0, len(keys))
	for i, key := range keys {
		kind := say("空", "empty")
		for _, row := range r.rows {
			at, err := literal.ParseDate(row.dates[i].Text, time.UTC)
			if err != nil || at.IsZero() {
				continue
			}
			if at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 {
				kind = say("有时刻", "with time")
				break
			}
			kind = say("只有日期", "date only")
		}
		zh, en = append(zh, key+" "+kind.ZH), append(en, key+" "+kind.EN)
	}
	r.add("dates", OK, Text{strings.Join(zh, "，"), strings.Join(en, ", ")}, Text{})
}

// view asks for one bill as GetBill does: only View says that a bill is gone.
func (r *formRound) view(ctx context.Context) {
	switch {
	case !r.asked:
		return
	case !r.queried:
		r.skip("view")
		return
	case r.newest == 0:
		r.add("view", Skipped, say("没有单据可看", "there are no bills to look at"), Text{})
		return
	}
	if _, err := r.client.View(ctx, r.form.ID, r.newest); err != nil {
		r.add("view", Warning, said(err), Text{"请金蝶管理员给该用户" + r.form.Title + "的查看权限：没有它就不能确认单据已被删除",
			"have a Kingdee administrator give this user the right to view " + r.form.English +
				": without it nobody can tell that a bill was deleted"})
		return
	}
	r.add("view", OK, say("可以查看单据 %d", "bill %d may be viewed", r.newest), Text{})
}
