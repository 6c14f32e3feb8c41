package wire

import (
	"errors"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/form"
)

// query is one ExecuteBillQuery, read and bound to the form's fields.
type query struct {
	form    *form.FieldSet
	keys    []string
	fields  []form.Field
	level   form.Level // the deepest entity among all keys: it decides the row fan-out
	keep    func(form.Row) bool
	headOK  bool // the condition reads the head only
	ids     filter.Range
	order   []orderKey
	start   int
	limit   int
	topRows int
	// count asks for the number of rows alone: one key, COUNT(1) or COUNT(*), as some clients do to know how many pages
	// there are.
	count bool
}

// form is the form of this id, where this server has it and lets this user read it. Its errors are *vendorError.
func (s *Face) form(id string, p behaviour.Personality) (*form.FieldSet, error) {
	id = strings.TrimSpace(id)
	found := s.Forms.Of(id)
	switch {
	case id == "" || id == "null":
		return nil, &vendorError{behaviour.MsgFormIDEmpty, "业务对象标识不能为空"}
	case found == nil:
		return nil, &vendorError{behaviour.MsgUnknownField, "业务对象不存在"}
	case slices.Contains(p.HiddenForms, found.FormID):
		return nil, &vendorError{behaviour.MsgNoPermission, "您没有该业务对象的查看权限"}
	}
	return found, nil
}

// readQuery reads the parameters of ExecuteBillQuery and BillQuery. Its errors
// are *vendorError.
func (s *Face) readQuery(data arguments, p behaviour.Personality) (*query, error) {
	fields, err := s.form(data.text("formid"), p)
	if err != nil {
		return nil, err
	}
	q := &query{form: fields}
	if err := q.readPage(data, p); err != nil {
		return nil, err
	}
	if err := q.readKeys(data.text("fieldkeys"), p); err != nil {
		return nil, err
	}
	if err := q.readFilter(data, s, p); err != nil {
		return nil, err
	}
	return q, q.readOrder(data.text("orderstring"), p)
}

func (q *query) readPage(data arguments, p behaviour.Personality) error {
	for name, value := range map[string]*int{"startrow": &q.start, "limit": &q.limit, "toprowcount": &q.topRows} {
		n, err := data.integer(name)
		if err != nil || n < 0 {
			return &vendorError{behaviour.MsgParameter, "参数" + name + "不是有效的整数"}
		}
		*value = n
	}
	if q.limit == 0 {
		q.limit = 2000
	}
	q.limit = min(q.limit, p.PageLimit())
	return nil
}

func (q *query) readKeys(list string, p behaviour.Personality) error {
	if strings.TrimSpace(list) == "" || strings.HasPrefix(list, "[") {
		return &vendorError{behaviour.MsgParameter, "查询字段FieldKeys不能为空"}
	}
	if compact := strings.ToLower(strings.ReplaceAll(list, " ", "")); compact == "count(1)" || compact == "count(*)" {
		q.count, q.keys = true, []string{strings.TrimSpace(list)}
		return nil
	}
	for key := range strings.SplitSeq(list, ",") {
		key = strings.TrimSpace(key)
		f, err := q.resolve(key, p)
		if err != nil {
			return err
		}
		q.keys = append(q.keys, key)
		q.fields = append(q.fields, f)
	}
	return nil
}

// resolve finds a key and lets it deepen the fan-out: a condition or an order by
// an entity joins that entity as a selected key does.
func (q *query) resolve(key string, p behaviour.Personality) (form.Field, error) {
	f, err := q.form.Find(key, p)
	if err != nil {
		return f, &vendorError{behaviour.MsgUnknownField, err.Error()}
	}
	q.level = max(q.level, f.Level)
	return f, nil
}

func (q *query) readFilter(data arguments, s *Face, p behaviour.Personality) error {
	parse := func() (filter.Node, error) { return filter.Parse(data.text("filterstring")) }
	if raw := data["filterstring"]; len(raw) > 0 && raw[0] == '[' {
		parse = func() (filter.Node, error) { return filter.ParseArray(raw) }
	} else if raw == nil || string(raw) == "null" {
		parse = func() (filter.Node, error) { return filter.And{}, nil }
	}
	node, err := parse()
	if err != nil {
		return &vendorError{behaviour.MsgParameter, "过滤条件解析错误: " + err.Error()}
	}
	q.headOK = true
	q.keep, err = filter.Bind(node, filter.Schema[form.Row]{
		Zone: s.Zone,
		Column: func(key string) (filter.Column[form.Row], error) {
			f, err := q.resolve(key, p)
			q.headOK = q.headOK && f.Level == form.LevelHead
			return filter.Column[form.Row]{Kind: f.Kind, Get: f.Get}, err
		},
	})
	q.ids = filter.Narrow(node, "FID")
	var vendor *vendorError
	if err == nil || errors.As(err, &vendor) {
		return err
	}
	return &vendorError{behaviour.MsgParameter, "过滤条件错误: " + err.Error()}
}
