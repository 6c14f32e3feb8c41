package wire

import "strings"

// The languages of the vendor's messages: 2052 simplified Chinese, 1033 English, 3076 traditional Chinese. A login says
// which.
const (
	english     = "1033"
	traditional = "3076"
)

// sentence is one of the vendor's, in each language; %s stands for what it is about.
type sentence struct{ simplified, english, traditional string }

// Only the first two are known to be written like this in other languages (github.com/luka-n8n-nodes/n8n-nodes-kingdee
// has the English one of the lost session); the others are our translations, so that a client cannot count on ours.
var sentences = []sentence{
	{sessionLostText, "Session information is lost, please login again", "會話資訊已遺失，請重新登入"},
	{"元数据中标识为%s的字段不存在", "The field whose identifier is %s does not exist in the metadata", "元資料中標識為%s的欄位不存在"},
	{"业务对象不存在", "The business object does not exist", "業務物件不存在"},
	{"业务对象标识不能为空", "The identifier of the business object must not be empty", "業務物件標識不能為空"},
	{"用户名或密码错误", "Wrong user name or password", "使用者名稱或密碼錯誤"},
	{"签名不匹配，登录失败", "The signature does not match, login failed", "簽名不匹配，登入失敗"},
	{"您没有该数据的查看权限", "You have no right to view these data", "您沒有該資料的檢視權限"},
	{"您没有该业务对象的查看权限", "You have no right to view this business object", "您沒有該業務物件的檢視權限"},
	{"未找到单据: %s，数据不存在或已被删除", "No such bill: %s, it does not exist or was deleted", "未找到單據: %s，資料不存在或已被刪除"},
}

// speak says a sentence of the vendor's in the language of a login; one that is not in the list stays as it is.
func speak(text, lcid string) string {
	if lcid != english && lcid != traditional {
		return text
	}
	for _, s := range sentences {
		about, said := s.about(text)
		if !said {
			continue
		}
		if lcid == english {
			return strings.Replace(s.english, "%s", about, 1)
		}
		return strings.Replace(s.traditional, "%s", about, 1)
	}
	return text
}

// about is what a text says with this sentence.
func (s sentence) about(text string) (string, bool) {
	before, after, open := strings.Cut(s.simplified, "%s")
	if !open {
		return "", text == before
	}
	rest, begins := strings.CutPrefix(text, before)
	about, ends := strings.CutSuffix(rest, after)
	return about, begins && ends
}

// in is the error in the language of a login.
func (e *vendorError) in(lcid string) *vendorError { return &vendorError{e.code, speak(e.text, lcid)} }
