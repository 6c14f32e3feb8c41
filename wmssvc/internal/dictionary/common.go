package dictionary

import "strings"

// commonAnswer is an answer without a code that says anything.
type commonAnswer struct {
	success bool
	text    string
}

// commonAnswers are what nearly every answer says. Their meanings are found once, as for any other text: reading a
// sentence again for each of a thousand answers a second would cost as much as asking for them.
var commonAnswers = []commonAnswer{
	{true, "旺店通WMS返回：取消成功"}, {true, "取消成功"}, {true, "成功"}, {true, "操作成功"}, {true, "OK"},
	{true, "success"}, {true, "旺店通WMS返回："},
	{false, "旺店通WMS返回：单据已取消,不能重复取消"}, {false, "旺店通WMS返回：单据已取消"}, {false, "单据已取消"},
	{false, "旺店通WMS返回：单据不存在"}, {false, "单据不存在"}, {false, "旺店通WMS返回：单据作业中,不允许取消"},
}

// prepare finds the meanings of the common answers, unless the operator's own entries go by codes.
func (d *Dictionary) prepare() {
	for _, entries := range [][]entry{d.success, d.failure} {
		for _, e := range entries {
			if e.own && len(e.codes) > 0 {
				return
			}
		}
	}
	common := make(map[commonAnswer]Meaning, len(commonAnswers))
	for _, c := range commonAnswers {
		common[c] = d.Classify(Answer{Success: c.success, Texts: []string{c.text}})
	}
	d.common = common
}

// shortWay answers the meaning of a common answer with an ordinary code. Where the text holds a fact of the order, the
// long way is gone.
func (d *Dictionary) shortWay(a Answer) (Meaning, bool) {
	if a.Platform || d.common == nil {
		return Meaning{}, false
	}
	text := ""
	for _, said := range a.Texts {
		if said != "" && text != "" {
			return Meaning{}, false
		}
		text += said
	}
	for _, code := range a.Codes {
		if strings.Trim(code, "0123456789") != "" {
			return Meaning{}, false
		}
	}
	meaning, known := d.common[commonAnswer{a.Success, text}]
	if !known {
		return Meaning{}, false
	}
	for _, fact := range [...]string{a.Order.Code, a.Order.Warehouse, a.Order.Type, a.Order.ID} {
		if fact != "" && strings.Contains(text, fact) {
			return Meaning{}, false
		}
	}
	return meaning, true
}
