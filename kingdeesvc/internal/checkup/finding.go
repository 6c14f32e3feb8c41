// Package checkup answers what somebody who installs voidrelay needs to know at ten in the evening: can we reach
// Kingdee, log in, as whom, where, with which clock, and see the bills; and if not, what to do.
//
// It promises to ask every question that can still be asked after one failed, to write each answer in Chinese and in
// English, and to change nothing. It does not say whether a difference matters to a scheme.
package checkup

import "fmt"

// Result is how a question ended.
type Result int

// The results, from best to worst.
const (
	OK Result = iota + 1
	// Skipped means: the question could not be asked.
	Skipped
	// Warning means: it works, and somebody should look.
	Warning
	// Failed means: it does not work.
	Failed
)

// Text is the same in both languages.
type Text struct{ ZH, EN string }

// say fills both texts with the same values in the same order.
func say(zh, en string, values ...any) Text {
	if len(values) == 0 {
		return Text{zh, en}
	}
	return Text{fmt.Sprintf(zh, values...), fmt.Sprintf(en, values...)}
}

func (t Text) and(more Text) Text { return Text{t.ZH + more.ZH, t.EN + more.EN} }

// Finding is the answer to one question.
type Finding struct {
	// ID is the question: reach, data_center, tls, login, zone, clock, second_login, and of each form: form, fields,
	// components, open_keys, dates, bills, view; open_key for each open key that is missing.
	ID string
	// FormID is the form that it is about; empty for those that are about none.
	FormID string
	Title  Text
	Result Result
	Found  Text
	// Advice is what to do; empty when all is well.
	Advice Text
}

var titles = map[string]Text{
	"reach":        {"服务器可达", "Server"},
	"tls":          {"加密", "Encryption"},
	"data_center":  {"数据中心", "Data centre"},
	"login":        {"登录", "Login"},
	"zone":         {"时区", "Time zone"},
	"clock":        {"时钟", "Clock"},
	"second_login": {"二次登录", "Second login"},
	"fields":       {"字段", "Fields"},
	"components":   {"其他单据体的字段", "Fields of further entities"},
	"open_keys":    {"待确认的字段", "Open keys"},
	"open_key":     {"缺少字段", "Missing key"},
	"dates":        {"日期精度", "Dates"},
	"bills":        {"近 30 天单据", "Last 30 days"},
	"view":         {"查看单据", "View"},
}
