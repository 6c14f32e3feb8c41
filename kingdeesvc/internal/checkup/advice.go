package checkup

import (
	"errors"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// said is the vendor's own text, or ours where there is none.
func said(err error) Text {
	if fault, ok := errors.AsType[*kingdee.Fault](err); ok {
		text := strings.TrimPrefix(fault.Error(), "kingdee: ")
		if fault.Class == kingdee.Unreachable && fault.Err != nil {
			return say("没有应答：%v", "no answer: %v", fault.Err)
		}
		return Text{text, text}
	}
	return Text{err.Error(), err.Error()}
}

var advices = map[kingdee.Class]Text{
	kingdee.Unreachable: {
		"检查网络、防火墙、VPN 和 KINGDEE_BASE_URL（主机、端口、http 或 https）；证书不被信任时用 KINGDEE_CA_FILE 指定签发机构的证书",
		"check network, firewall, VPN and KINGDEE_BASE_URL (host, port, http or https); where the certificate is not " +
			"trusted, name its authority's in KINGDEE_CA_FILE"},
	kingdee.Unreadable: {
		"应答不是 WebAPI：核对 KINGDEE_BASE_URL（以 /K3Cloud 结尾），看中间是否有代理或登录页",
		"this is not the WebAPI: check KINGDEE_BASE_URL (it ends in /K3Cloud) and whether a proxy or a login page " +
			"stands in between"},
	kingdee.LoginRefused: {
		"核对用户名、应用 ID、密钥或密码是否正确、未过期，应用授权里是否有该用户；提示签名错误时看时钟，老服务器设 KINGDEE_SIGN_HASH=sha1。不要反复尝试，账号会被锁定",
		"check user, application id, secret or password, that none has expired and that the application's list has " +
			"the user; if the signature is blamed, look at the clock, and for an old server set " +
			"KINGDEE_SIGN_HASH=sha1. Do not try again and again: accounts lock"},
	kingdee.AccountLocked: {
		"账号已锁定：先改正密码或密钥，请金蝶管理员解锁，或等 30 分钟",
		"the account is locked: correct the password or secret first, then have a Kingdee administrator unlock it, " +
			"or wait 30 minutes"},
	kingdee.SessionContended: {
		"别的程序在用同一个用户登录：给 voidrelay 一个专用用户",
		"another program logs in as this user: give voidrelay a user of its own"},
	kingdee.SessionLost: {
		"会话一再丢失：看是否有别的程序用同一个用户，或第三方登录授权是否还在",
		"the session is lost again and again: see whether another program uses this user, and whether the " +
			"third-party authorisation still exists"},
	kingdee.Throttled: {"稍后再试，并调低 KINGDEE_RATE", "try again later, and lower KINGDEE_RATE"},
	kingdee.Busy:      {"服务器忙，稍后再试", "the server is busy: try again later"},
	kingdee.Refused:   {"按金蝶的提示处理", "do as Kingdee says"},
}

// adviceOn is advice about what was asked of a form.
func adviceOn(err error, f form.Form) Text {
	switch kingdee.ClassOf(err) {
	case kingdee.Permission:
		return say("请金蝶管理员给该用户（或第三方应用）%[1]s的查询权限",
			"have a Kingdee administrator give this user (or the third-party application) the right to query %[2]s",
			f.Title, f.English)
	case kingdee.FormUnknown:
		return say("该账套没有%[1]s：确认数据中心和已启用的模块",
			"this data centre has no %[2]s: check the data centre and that their module is in use", f.Title, f.English)
	}
	return advice(err)
}

func advice(err error) Text {
	if text, ok := advices[kingdee.ClassOf(err)]; ok {
		return text
	}
	return say("稍后再试；仍不行就看 kingdeesvc 的日志", "try again later; if that does not help, look at kingdeesvc's log")
}
