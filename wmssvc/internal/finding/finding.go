// Package finding puts into words, Chinese and English, what the harmless call to an account tells and what to do about
// it: for people who set an account up. It asks nobody anything.
package finding

import (
	"fmt"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// ClockTolerance is how far the WMS's clock may be from ours before somebody is told: HTTP dates have whole seconds,
// and how far a request's timestamp may be off is published for the vendor's other products only (two minutes).
const ClockTolerance = 5 * time.Second

// Finding is what the harmless call tells, and what to do about it, for people, in both their languages.
type Finding struct {
	// Sound: the account can be used.
	Sound bool
	// EN and ZH are what was found, AdviceEN and AdviceZH what to do, even if that is nothing.
	EN, ZH, AdviceEN, AdviceZH string
}

var (
	accepted = Finding{
		Sound: true, EN: "account, key and signature are accepted", ZH: "账号、密钥和签名均被接受",
		AdviceEN: "nothing", AdviceZH: "无需处理",
	}
	acceptedClock = Finding{
		Sound: true, EN: "account, key and signature are accepted; but the clocks differ", ZH: "账号、密钥和签名均被接受，但时钟不一致",
		AdviceEN: "let this host keep its time by NTP; if it does, tell the WMS's operator: requests may be refused " +
			"when the difference grows",
		AdviceZH: "请为本机启用 NTP 对时；若本机时间无误，请通知 WMS 管理员：差距扩大后请求可能被拒绝",
	}
	acceptedRefused = Finding{
		Sound: true, EN: "account, key and signature are accepted, it seems; the order was refused",
		ZH:       "账号、密钥和签名似已被接受，该单被拒绝",
		AdviceEN: "nothing, if the refusal is about the order (it does not exist on purpose)",
		AdviceZH: "若拒绝原因只与单据有关（该单号本不存在），则无需处理",
	}
	acceptedSilent = Finding{
		Sound: true,
		EN:    "account, key and signature are accepted; but this WMS does not say that an order is unknown",
		ZH:    "账号、密钥和签名均被接受，但此 WMS 不会提示单据不存在",
		AdviceEN: "check numbers, warehouses and types of the first orders on the WMS's own screen: a wrong one will " +
			"look cancelled",
		AdviceZH: "请在 WMS 界面上核对最初几单的单号、仓库和类型：填错时也会显示取消成功",
	}
	notKnown = Finding{
		EN: "answered with words that are not known, so it is not certain that the account is accepted",
		ZH: "应答内容未知，无法确认账号是否被接受",
		AdviceEN: "read the words; if they are about the order, add them to WMS_DICTIONARY; if about account, key or " +
			"signature, correct those",
		AdviceZH: "请阅读应答内容：若与单据有关，请加入 WMS_DICTIONARY；若与账号、密钥或签名有关，请更正配置",
	}
	noInterface = Finding{
		EN: "answered, but has no such interface", ZH: "服务器有应答，但没有此接口",
		AdviceEN: "check WMS_URL and WMS_DIALECT; ask the vendor to open the cancel interface for this account",
		AdviceZH: "请检查 WMS_URL 和 WMS_DIALECT，并请旺店通为该账号开通取消接口",
	}
	refusedForm = Finding{
		EN: "answered, but does not accept the form of the request", ZH: "服务器有应答，但不接受请求的格式",
		AdviceEN: "check WMS_DIALECT against the address in WMS_URL", AdviceZH: "请核对 WMS_DIALECT 与 WMS_URL 的地址是否相符",
	}
	refusedAccount = Finding{
		EN: "account, key or signature is refused", ZH: "账号、密钥或签名被拒绝",
		AdviceEN: "check WMS_SID, WMS_APP_KEY and WMS_APP_SECRET (test or production? a blank at the end?), " +
			"WMS_DIALECT and WMS_SIGN_METHOD; ask the vendor whether this host's address must be allowed",
		AdviceZH: "请核对 WMS_SID、WMS_APP_KEY、WMS_APP_SECRET（测试还是正式？末尾有无空格？）以及 WMS_DIALECT、WMS_SIGN_METHOD；并向旺店通确认是否需要将" +
			"本机 IP 加入白名单",
	}
	refusedClock = Finding{
		EN: "refused, and the clocks differ: the request's timestamp is not accepted", ZH: "被拒绝，且时钟不一致：请求的时间戳不被接受",
		AdviceEN: "let this host keep its time by NTP and check again; if this host is right, tell the WMS's operator",
		AdviceZH: "请为本机启用 NTP 对时后重新检查；若本机时间无误，请通知 WMS 管理员",
	}
	tooOften = Finding{
		EN: "reached, but refused for frequency", ZH: "已连通，但因调用频率过高被拒绝",
		AdviceEN: "wait ten minutes and check again; lower WMS_RATE, and find out who else uses this account",
		AdviceZH: "请等待十分钟后重新检查；降低 WMS_RATE，并确认还有谁在使用该账号",
	}
	notReached = Finding{
		EN: "could not be reached", ZH: "无法连接",
		AdviceEN: "check host and port of WMS_URL, name resolution and firewall; HTTP proxies are not used, the " +
			"connection must be a direct one",
		AdviceZH: "请检查 WMS_URL 的主机和端口、域名解析及防火墙；本程序不使用 HTTP 代理，需要直接连接",
	}
	notTrusted = Finding{
		EN: "could not be reached safely: its certificate is not accepted", ZH: "无法安全连接：服务器证书不被接受",
		AdviceEN: "where the WMS signs its own certificate, name that (or its authority's) in WMS_CA_FILE; the " +
			"certificate must then hold the host name of WMS_URL. " +
			"Or, once its operator has confirmed the SHA-256 above, put that into WMS_CERT_SHA256",
		AdviceZH: "若 WMS 使用自签名证书，请将该证书（或其 CA 证书）写入 WMS_CA_FILE；此时证书中须包含 WMS_URL 的主机名。或经 WMS 管理员确认后，将上面的 SHA-256 写入 " +
			"WMS_CERT_SHA256",
	}
	notReadable = Finding{
		EN: "reached, but gave no readable answer", ZH: "已连通，但应答无法识别",
		AdviceEN: "check the path of WMS_URL and WMS_DIALECT: something else may be answering, such as a gateway or " +
			"a login page; or the WMS is away, and a proxy says so",
		AdviceZH: "请检查 WMS_URL 的路径和 WMS_DIALECT：应答的可能是网关或登录页面；也可能 WMS 正在维护，由代理代为应答",
	}
)

// Of reads the answer to the harmless call.
func Of(r *account.Result) Finding {
	ahead, told := r.ClockAhead()
	skewed := told && ahead.Abs() > ClockTolerance
	switch r.Disposition {
	case dictionary.NotFound:
		if skewed {
			return acceptedClock
		}
		return accepted
	case dictionary.Rejected:
		switch {
		case r.InterfaceMissing():
			return noInterface.told(r.Answer.Code, r.Answer.Message, r.Detail)
		case r.FormRefused():
			return refusedForm.told(r.Answer.Code, r.Answer.Message, r.Detail)
		case !r.Recognised:
			return notKnown.told(r.Answer.Code, r.Answer.Message, r.Detail)
		}
		return acceptedRefused.told(r.Answer.Message)
	case dictionary.Cancelled, dictionary.AlreadyCancelled, dictionary.InProgress, dictionary.TooLate:
		return acceptedSilent.told(r.Answer.Message)
	case dictionary.Auth:
		switch {
		case r.FormRefused():
			return refusedForm.told(r.Answer.Code, r.Answer.Message, r.Detail)
		case r.Fault == dictionary.Clock:
			return refusedClock.told(r.Answer.Code, r.Answer.Message, r.Detail)
		}
		return refusedAccount.told(r.Answer.Code, r.Answer.Message, r.Detail)
	case dictionary.Throttled:
		return tooOften.told(r.Answer.Message, r.Detail)
	case dictionary.NotSent:
		if r.Exchange.Untrusted() {
			return notTrusted.told(r.Detail)
		}
		return notReached.told(r.Detail)
	default:
		return notReadable.told(r.Detail)
	}
}

// told puts the vendor's words, or ours about the connection, behind both sentences.
func (f Finding) told(words ...string) Finding {
	if said := strings.TrimSpace(strings.Join(words, " ")); said != "" {
		f.EN += ": " + said
		f.ZH += "：" + said
	}
	return f
}

// TransportOf says how the server was reached, with the certificate that it showed, so that it can be named in the
// settings. Sound is false where what is sent can be read on the way, or where the certificate is not accepted.
func TransportOf(a *account.Account, r *account.Result) Finding {
	shown, untrusted := r.Exchange.Shown()
	switch state := r.Exchange.TLS; {
	case state != nil:
		leaf := state.PeerCertificates[0]
		until := leaf.NotAfter.Format(time.DateOnly)
		return Finding{
			Sound: true, EN: fmt.Sprintf("TLS, certificate valid until %s, SHA-256 %s", until, wms.FingerprintOf(leaf)),
			ZH: fmt.Sprintf("TLS，证书有效期至 %s，SHA-256 %s", until, wms.FingerprintOf(leaf)),
		}
	case untrusted:
		return Finding{
			EN:       fmt.Sprintf("TLS, certificate not accepted, SHA-256 %s", shown),
			ZH:       fmt.Sprintf("TLS，证书不被接受，SHA-256 %s", shown),
			AdviceEN: notTrusted.AdviceEN, AdviceZH: notTrusted.AdviceZH,
		}
	case a.Secure():
		return Finding{Sound: true, EN: "TLS, no answer", ZH: "TLS，未获应答"}
	case a.InTheOpen():
		return Finding{
			EN:       "plain HTTP: orders, key and signatures can be read and changed on the way",
			ZH:       "明文 HTTP：单据、密钥标识和签名在途中可被读取和篡改",
			AdviceEN: "use an https address in WMS_URL", AdviceZH: "请将 WMS_URL 改为 https 地址",
		}
	}
	return Finding{Sound: true, EN: "plain HTTP, on this machine", ZH: "明文，在本机"}
}
