package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// login is what a login method was called with, by name.
type login map[string]string

// loginOrder gives the positions of each method's arguments
// (vip.kingdee.com/knowledge/650369502764414208 and, for the forms that end in 2,
// vip.kingdee.com/article/490771221039228672).
func loginOrder(method string) ([]string, bool) {
	switch method {
	case "validateuser":
		return []string{"acctid", "username", "password", "lcid"}, true
	case "validateuser2":
		return []string{"acctid", "username", "password", "iskickoff", "lcid"}, true
	case "loginbyappsecret":
		return []string{"acctid", "username", "appid", "appsecret", "lcid"}, true
	case "loginbyappsecret2":
		return []string{"acctid", "username", "appid", "appsecret", "iskickoff", "lcid"}, true
	case "loginbysign":
		return []string{"acctid", "username", "appid", "timestamp", "sign", "lcid"}, true
	case "loginbysign2":
		return []string{"acctid", "username", "appid", "timestamp", "sign", "iskickoff", "lcid"}, true
	default:
		return nil, false
	}
}

// published is a login method's name as the vendor writes it.
func published(method string) string {
	for _, name := range []string{"ValidateUser2", "LoginByAppSecret2", "LoginBySign2"} {
		if strings.EqualFold(name, method) {
			return name
		}
	}
	return method
}

// readLogin takes the arguments by position or by name.
func readLogin(order []string, args arguments) (login, error) {
	in := login{}
	list, positional, err := args.positional()
	if err != nil {
		return nil, err
	}
	for i, name := range order {
		switch {
		case !positional:
			in[name] = args.text(name)
		case i < len(list):
			in[name] = scalarText(list[i])
		}
	}
	return in, nil
}

// refusedLogin is a login that failed, in the vendor's words.
type refusedLogin struct {
	resultType int
	code, text string
}

// checkLogin says why a login is refused; nil if it is not.
func (s *Face) checkLogin(method string, in login, now time.Time, p behaviour.Personality) *refusedLogin {
	wrong := &refusedLogin{0, "WrongUserOrPassword", "用户名或密码错误"}
	switch {
	case s.lockout.locked(now):
		return &refusedLogin{0, "Locked", "密码错误次数超限，账号已被锁定，请30分钟后再试"}
	case in["acctid"] != s.Account.AcctID:
		return &refusedLogin{-1, "DataCenterNotFound", "数据中心不存在: " + in["acctid"]}
	case strings.HasPrefix(method, "validateuser"):
		if in["username"] != s.Account.Username || Secret(in["password"]) != s.Account.Password {
			return wrong
		}
		return nil
	case in["appid"] != s.Account.AppID:
		return &refusedLogin{0, "AppIdNotFound", "第三方应用不存在或未授权: " + in["appid"]}
	case in["username"] != s.Account.Username:
		return &refusedLogin{0, "UserNotAllowed", "第三方应用：" + in["appid"] + " 不允许用户" + in["username"] + " 登录"}
	case strings.HasPrefix(method, "loginbyappsecret"):
		if Secret(in["appsecret"]) != s.Account.AppSecret {
			return wrong
		}
		return nil
	}
	want := loginSign(p.OldServer, in["acctid"], in["username"], in["appid"], s.Account.AppSecret, in["timestamp"])
	if in["sign"] != want || !nearEnough(in["timestamp"], now, p) {
		return &refusedLogin{0, "002005000003016", "签名不匹配，登录失败"}
	}
	return nil
}

// nearEnough checks a timestamp in Unix seconds against the server's clock.
func nearEnough(timestamp string, now time.Time, p behaviour.Personality) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	minutes := p.SignatureMinutes
	if minutes == 0 {
		minutes = 15
	}
	return minutes < 0 || now.Sub(time.Unix(seconds, 0)).Abs() <= time.Duration(minutes)*time.Minute
}

const ticksPerSecond = 10_000_000

// loginAnswer is the object that all logins give, for success and failure alike. A refused one has a session id too,
// which is good for nothing: a client that looks for the id alone believes that it is logged in.
func (s *Face) loginAnswer(x *session, refused *refusedLogin, p behaviour.Personality) json.RawMessage {
	answer := map[string]any{
		"Message": nil, "MessageCode": nil, "LoginResultType": 1, "Context": nil, "KDSVCSessionId": x.id,
		"FormId": nil, "RedirectFormParam": nil, "FormInputObject": nil, "ErrorStackTrace": nil, "Lcid": 0,
		"AccessToken": nil, "CustomParam": nil, "KdAccessResult": nil, "IsSuccessByAPI": true,
	}
	if refused == nil {
		answer["Context"] = s.loginContext(x, p)
	} else {
		answer["Message"], answer["MessageCode"], answer["LoginResultType"] = refused.text,
			refused.code, refused.resultType
		answer["IsSuccessByAPI"] = false
	}
	for _, name := range p.OddLogins {
		if change := behaviour.OddLogins()[name]; change != nil {
			change(answer)
		}
	}
	return mustJSON(answer)
}

func (s *Face) loginContext(x *session, p behaviour.Personality) map[string]any {
	context := map[string]any{
		"UserLocale": "zh-CN", "LogLocale": "zh-CN", "DBid": s.Account.AcctID, "DatabaseType": 3, "SessionId": x.aspID,
		"UserId": 100001, "UserName": s.Account.Username, "CustomName": "云栖贸易", "DisplayVersion": s.version(p),
		"DataCenterName": s.Account.DataCenterName, "UserToken": randomID(),
		"CurrentOrganizationInfo": map[string]any{
			"ID": 1, "AcctOrgType": "1", "Name": "杭州云栖贸易有限公司", "FunctionIds": []int{101, 102, 103},
		},
		"TenantId": s.Account.AcctID, "Gsid": "", "IsDeployAsPublicCloud": false, "ProductEdition": 0,
	}
	if !p.OmitTimeZone {
		_, offset := s.Now().In(s.Zone).Zone()
		zone := behaviour.TimeZone{
			OffsetTicks: int64(offset) * ticksPerSecond, StandardName: s.Zone.String(), Number: "1078_SYS",
		}
		context["STimeZone"], context["UTimeZone"] = zone, zone
	}
	return context
}

func (*Face) version(p behaviour.Personality) string {
	if p.OldServer {
		return "7.5.1800.6"
	}
	return "8.2.1127.13"
}
