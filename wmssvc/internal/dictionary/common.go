package dictionary

import "strings"

// commonSuccesses are what nearly every answer says. Their meanings are found once, as for any other text: reading a sentence again for
// each of a thousand answers a second would cost more than asking for them.
var commonSuccesses = []string{"旺店通WMS返回：取消成功", "取消成功", "成功", "操作成功", "OK", "success", "旺店通WMS返回："}

// prepare finds the meanings of the common successes, unless the operator's own entries go by codes.
func (d *Dictionary) prepare() {
	for _, e := range d.success {
		if e.own && len(e.codes) > 0 {
			return
		}
	}
	common := make(map[string]Meaning, len(commonSuccesses))
	for _, text := range commonSuccesses {
		common[text] = d.Classify(Answer{Success: true, Texts: []string{text}})
	}
	d.common = common
}

// shortWay answers the meaning of a common success with an ordinary code. Where the text holds a fact of the order, the long way is gone.
func (d *Dictionary) shortWay(a Answer) (Meaning, bool) {
	if !a.Success || d.common == nil {
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
	meaning, known := d.common[text]
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
