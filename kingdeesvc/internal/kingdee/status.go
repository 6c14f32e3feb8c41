package kingdee

import (
	"regexp"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/loose"
)

// responseStatus is the ResponseStatus object of every WebAPI answer (Xueyu334/kingdee-k3cloud-open-api
// ResponseStatus.java). IsSuccess and MsgCode occur as text too.
type responseStatus struct{ loose.Object }

func (s responseStatus) code() int {
	if code, ok := s.Whole("msgcode"); ok && code == int64(int32(code)) { //nolint:gosec // that is what is asked
		return int(code)
	}
	return NoCode
}

func (s responseStatus) message() string {
	for _, e := range s.List("errors") {
		text := loose.Read(e).Text("message")
		if text == "" {
			text = loose.Text(e)
		}
		if text != "" {
			return text
		}
	}
	if text := s.Text("message"); text != "" {
		return text
	}
	return "the vendor gave no text"
}

// said is all that the errors say, and the fields that they are about: the key may stand in any of it.
func (s responseStatus) said() string {
	var parts []string
	for _, e := range s.List("errors") {
		one := loose.Read(e)
		parts = append(parts, one.Text("fieldname"), one.Text("message"))
	}
	return strings.Join(parts, " ")
}

// The sentences below are looked for inside a recognised error object only, never in data.
var (
	// 元数据中标识为X的字段不存在: a misspelt key, or one this server does not have (adamzhang1987/kingdee-k3cloud-skill); the words
	// of other languages of a server are their translations. They matter only where a server gives no MsgCode 9.
	fieldUnknown = regexp.MustCompile(`(?i)(?:(?:标识|標識)[为為]|whose identifier is)[\s"'“「【\[]*([A-Za-z][A-Za-z0-9_.]*)` +
		`[\s"'”」】\]]*(?:的字段不存在|的欄位不存在|does not exist)`)
	sessionTexts = []string{"会话信息已丢失", "session information is lost"}
	formTexts    = []string{"业务对象不存在"}
	// No public page quotes Kingdee's words for a filter it cannot parse; these are the words such a text would need.
	filterTexts = []string{"过滤条件", "语法错误", "syntax"}
)

// classifyError sorts a recognised error object. The code decides (deep-project/kingdee pkg/core/model.go lists 0 to
// 15) wherever it says something; the text speaks where there is no code, or one that older servers use for everything,
// and names the field that codes 8 and 9 are about.
func classifyError(shape Shape, httpStatus, code int, message string) *Fault {
	fault := &Fault{Shape: shape, Code: code, Message: message, HTTPStatus: httpStatus}
	switch code {
	case 1:
		fault.Class = SessionLost
	case 2:
		fault.Class = Permission
	case 5:
		fault.Class = FormUnknown
	case 6, 13:
		fault.Class = Busy
	case 10:
		fault.Class = NotFound
	case 14:
		fault.Class = Throttled
	case 3, 7, 11, 12, 15:
		fault.Class = Refused
	default:
		fault.Class, fault.Field = classifySentence(code, message)
		// 8 and 9 are known; a sentence that we know stands for a code.
		fault.Odd = code != 8 && code != 9 && (fault.Class == Refused || fault.Class == Busy)
	}
	return fault
}

// classifySentence sorts what no code, 0 (default), 4 (exception), 8 (parameter), 9 (field or value does not exist) and
// a code that nobody knows leave open.
func classifySentence(code int, message string) (Class, string) {
	if match := fieldUnknown.FindStringSubmatch(message); match != nil {
		return FieldUnknown, match[1]
	}
	switch {
	case code != 4 && code != 8 && code != 9 && containsAny(message, sessionTexts):
		return SessionLost, ""
	case containsAny(message, formTexts):
		return FormUnknown, ""
	case code == 8, containsAny(message, filterTexts):
		return FilterInvalid, ""
	case code == 4:
		return Busy, ""
	}
	return Refused, ""
}

func containsAny(text string, parts []string) bool {
	lower := strings.ToLower(text)
	for _, part := range parts {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}
