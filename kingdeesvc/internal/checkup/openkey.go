package checkup

import (
	"context"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
)

// openColumn is a column whose key no public source confirms.
type openColumn struct {
	form.Column
	// name is what kingdee.keys of a scheme calls it: a line's column has its entity before it.
	name string
	// key is what is tried: the caller's, or the table's; empty where neither names one.
	key string
	// named: the caller named the key.
	named bool
}

// open are the form's open columns, in the order of its table.
func (r *formRound) open() []openColumn {
	var found []openColumn
	add := func(prefix string, columns []form.Column) {
		for _, c := range columns {
			if !c.Open {
				continue
			}
			o := openColumn{Column: c, name: prefix + c.Name, key: c.Key}
			if key := r.keys[o.name]; key != "" {
				o.key, o.named = key, true
			}
			found = append(found, o)
		}
	}
	add("", r.form.Head)
	for _, e := range r.form.Entities {
		add(e.Name+".", e.Columns)
	}
	return found
}

// openKeys tries each open key, and says of each that is missing what it is for and how to name another.
func (r *formRound) openKeys(ctx context.Context) {
	open := r.open()
	switch {
	case len(open) == 0:
		return
	case !r.queried:
		r.skip("open_keys")
		return
	}
	var keys, unknown []string
	for _, o := range open {
		switch {
		case o.key == "":
			unknown = append(unknown, o.name)
		case !slices.Contains(keys, o.key):
			keys = append(keys, o.key)
		}
	}
	missing, err := r.missing(ctx, keys)
	if err != nil {
		r.add("open_keys", r.bad(), said(err), adviceOn(err, r.form))
		return
	}
	lacking := slices.DeleteFunc(slices.Clone(open), func(o openColumn) bool {
		return o.key == "" || !slices.Contains(missing, o.key)
	})
	tried := len(open) - len(unknown)
	found := say("没有公开资料确认的字段试了 %d 个，有 %d 个", "of %d that no public source confirms, %d exist",
		tried, tried-len(lacking))
	if len(unknown) > 0 {
		found = found.and(say("；不知道字段名、没有试：%[1]s", "; not tried, because nobody knows a key for them: %[1]s",
			strings.Join(unknown, ", ")))
	}
	r.add("open_keys", OK, found, Text{})
	for _, o := range lacking {
		r.lacks(o)
	}
}

// lacks says that the server does not know the key of an open column.
func (r *formRound) lacks(o openColumn) {
	result := Warning
	consequence := say("；可以没有，那样这一项为空", "; it may be missing, and is empty then")
	if o.Need == form.Must || o.named {
		result = r.bad()
		consequence = say("；没有它读不了单据", "; no bill is read without it")
	}
	whose := say("（程序自带的猜测）", " (our guess)")
	if o.named {
		whose = say("（-key 指定）", " (named by -key)")
	}
	r.add("open_key", result,
		say("%[1]s 没有字段 %[2]s", "%[1]s has no key %[2]s", r.form.ID, o.key).and(whose).
			and(say("，对应 %[1]s：", ", which is %[1]s: ", o.name)).and(purposes[o.Name]).and(consequence),
		say("在金蝶 BOS 设计器或 WebAPI 文档里查到该字段的标识，用 -form %[1]s -key %[2]s=标识 再检查，然后写进方案："+
			"kingdee: {keys: {%[2]s: 标识}}",
			"look the field's key up in Kingdee's BOS designer or WebAPI page, try it with -form %[1]s "+
				"-key %[2]s=KEY, then say it in the scheme: kingdee: {keys: {%[2]s: KEY}}", r.form.ID, o.name))
}

// purposes say what an open column is for, by its name without the entity.
var purposes = map[string]Text{
	"document_status":    {"单据状态，判断单据是否已审核", "the document status, which says whether a bill is audited"},
	"cancel_status":      {"作废状态，判断单据是否已作废", "the cancel status, which says whether a bill is voided"},
	"close_status":       {"关闭状态，方案设 closed_ends 时使用", "the close status, for schemes that say closed_ends"},
	"modify_time":        {"修改日期，查找有变化的单据", "the modify date, by which changes are found"},
	"create_time":        {"创建日期，查找有变化的单据", "the create date, by which changes are found"},
	"approve_time":       {"审核日期，查找有变化的单据，区分各次生效", "the approve date, by which changes are found and lives told apart"},
	"cancel_time":        {"作废日期，判断作废是否早于启用", "the cancel date, by which a void is before or after the cutover"},
	"close_time":         {"关闭日期，方案设 closed_ends 时使用", "the close date, for schemes that say closed_ends"},
	"date":               {"业务日期，用于报表", "the bill's date, for reports"},
	"bill_type_id":       {"单据类型，供方案的条件使用", "the bill type, for a scheme's selector"},
	"note":               {"备注，供方案的条件使用", "the note, for a scheme's selector"},
	"id":                 {"分录内码，区分单据的各行", "the line's id, which tells the lines of a bill apart"},
	"material_number":    {"物料编码", "the material's number"},
	"unit_number":        {"单位编码", "the unit's number"},
	"warehouse_number":   {"仓库编码，决定取消哪个仓库的单", "the warehouse's number, which decides whose order is cancelled"},
	"lot_number":         {"批号", "the lot's number"},
	"source_bill_number": {"源单编号", "the source bill's number"},
}
