package meaning_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/meaning"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

var update = flag.Bool("update", false, "rewrite docs/wms-answers.md from the table")

const answersPage = "../../../docs/wms-answers.md"

// asked is the order that all these answers are about.
var asked = wms.Order{WarehouseCode: "CK001", OrderCode: "ZZCX000123", OrderType: "QTRK"}

// answer is a line of the page: what the WMS says, and what it comes to.
type answer struct {
	flag, code, text string
	want             dictionary.Disposition
	recognised       bool
	from             string
}

// body is the answer as a document.
func (c answer) body() string {
	if c.flag != "platform" {
		return envelope(c.flag, c.code, c.text)
	}
	code, sub, _ := strings.Cut(c.code, " ")
	return "<error_response><code>" + code + "</code><sub_code>" + sub + "</sub_code><msg>" +
		c.text + "</msg></error_response>"
}

type section struct {
	title, words string
	answers      []answer
}

const (
	cancelled = dictionary.Cancelled
	rejected  = dictionary.Rejected
	topCodes  = "http://blog.unvs.cn/archives/taobao-oauth-top-error-code.html: sub codes of the platform below Qimen"
	qjb       = "旗舰版: `cunsheng/wangdiantong-api-qjb`, a crawl of open.wangdian.cn"
)

// sections are every answer that public material shows of this WMS, its sister product and the protocol it copies; then
// the words of our own sandbox; then how the situations that relatives know might be worded.
var sections = []section{
	{"On record",
		"The words, or the code, stand in public material: of this vendor, or of the protocol that it copies. " +
			"No failure of this very method (`WDT_WMS_ORDER_CANCEL`) is public.", []answer{
			{"success", "0", "旺店通WMS返回：商品同步成功", dictionary.InProgress,
				false, "form of this WMS's successes (of other " +
					"methods, so not known of a cancel): mirrors of the vendor's pages, " +
					"https://www.yuque.com/huice-wiki/bhxv6e"},
			{"success", "0", "旺店通WMS返回：", cancelled, true, "that form without a text"},
			{"success", "", "", cancelled,
				true, "`taobao.qimen.order.cancel` in a production log of 2019: a flag and " +
					"nothing else"},
			{"success", "0000", "OK", cancelled, true, "https://cnblogs.com/tonggc1668/p/6434487.html"},
			{"success", "200", "", cancelled, true, "https://www.showdoc.com.cn/265424688438926/3627630598932395"},
			{"success", "0", "旺店通WMS返回：订单流水查询成功", dictionary.InProgress, false, "the same"},
			{"success", "0", "旺店通WMS返回：库存查询成功", dictionary.InProgress, false, "the same"},
			{"failure", "isp.top-remote-connection-timeout", "", dictionary.Unknown, false, topCodes},
			{"failure", "100", "单据不存在", dictionary.NotFound, true, qjb},
			{"failure", "100", "超过每分钟最大调用频率限制", dictionary.Throttled, true, "旗舰版: `BernardSimon/gwdt` (gwdt.go)"},
			{
				"failure", "sign-check-failure", "Illegal request", dictionary.Auth,
				true, "https://developer.alibaba.com/docs/api.htm?apiId=47902",
			},
			{"failure", "100", "权限不足", dictionary.Auth, true, qjb},
			{"failure", "100", "无仓库访问权限", rejected, true, qjb},
			{"failure", "100", "此外部单已使用!", rejected, true, qjb + "; an answer to creating"},
			{
				"failure", "1", "旺店通WMS返回：单据已存在", rejected,
				true, "`tyiner/erp` (BaiLuLocationService.php); an answer to creating",
			},
			{
				"failure", "client.protocol.invalid-argument", "", rejected, true,
				"https://www.yuque.com/huice-wiki/bhxv6e/enclt9; its text says that the interface is not deployed, " +
					"or not supported yet",
			},
			{"error", "-1", "系统异常", rejected,
				false, "`tyiner/erp` (PartnerAsyncController.php): flag `error`, code -1, " +
					"in a client's own answers"},
			{"failure", "", "", rejected, false, "a failure that says nothing"},
		}},
	{"The platform in front", "What the platform below Qimen says in the WMS's stead (`error_response`, XML or " +
		"JSON), with code and sub code: " + topCodes + ". Other " +
		"codes are `unknown`.", []answer{
		{
			"platform", "7 accesscontrol.limited-by-app-access-count", "This ban will last for 12 more seconds",
			dictionary.Throttled, true, "for as long as it says",
		},
		{"platform", "7", "App Call Limited", dictionary.Throttled, true, ""},
		{"platform", "15 isp.call-limited", "", dictionary.Throttled, true, ""},
		{"platform", "25 isv.invalid-signature", "Invalid signature", dictionary.Auth, true, ""},
		{"platform", "29", "Invalid app Key", dictionary.Auth, true, ""},
		{"platform", "11 isv.permission-api-package-limit", "Insufficient isv permissions", dictionary.Auth, true, ""},
		{"platform", "31", "Invalid timestamp", dictionary.Auth, true, "the clock"},
		{"platform", "22", "Invalid method", dictionary.Auth, true, "the account's settings: the same for all orders"},
		{"platform", "41 isv.invalid-parameter", "Invalid arguments", rejected, true, ""},
		{
			"platform", "15 isp.top-remote-connection-timeout", "Remote service error", dictionary.Unknown,
			false, "the answer was lost",
		},
		{"platform", "10", "Service currently unavailable", dictionary.Unknown, false, ""},
		{"platform", "99", "something new", dictionary.Unknown, false, ""},
	}},
	{"Worded by our sandbox", "`wmssvc/sandbox` says these, because something has to be said. A real WMS need not.",
		[]answer{
			{"success", "0", "取消成功", cancelled, true, "the form follows this WMS's successes"},
			{"success", "0", "消息接收成功,但未做什么操作", rejected, false, "nothing was cancelled"},
			{"failure", "1", "单据已取消," +
				"不能重复取消", dictionary.AlreadyCancelled, true, "that some refuse a repeat is on record"},
			{"failure", "1", "单据作业中,不允许取消", dictionary.TooLate, true, ""},
			{"failure", "1", "单据作业中,拦截中", dictionary.InProgress, true, ""},
			{"success", "0", "单据作业中,拦截中", dictionary.InProgress, true, "whatever the flag"},
			{"failure", "1", "单据已部分入库,不允许取消", dictionary.TooLate, true, ""},
			{"failure", "1", "单据已完成,不允许取消", dictionary.TooLate, true, ""},
			{"failure", "1", "仓库编码与单据不符", rejected, true, ""},
			{"failure", "1", "单据类型与单据不符", rejected, true, ""},
			{"failure", "1", "货主编码与单据不符", rejected, true, ""},
			{"failure", "1", "仓储系统单据编码与单据不符", rejected, true, ""},
			{"failure", "1", "存在多张符合条件的单据,请指定单据类型", rejected, true, ""},
			{"failure", "1", "取消失败,请重试", rejected, false, "is tried again"},
			{"failure", "1", "Lock wait timeout exceeded; try restarting " +
				"transaction", rejected, false, "a database's text"},
			{"failure", "invalid-account", "sid不存在", dictionary.Auth, true, ""},
			{"failure", "invalid-account", "appkey不存在", dictionary.Auth, true, ""},
			{"failure", "invalid-account", "customerId不存在", dictionary.Auth, true, ""},
			{"failure", "invalid-timestamp", "时间戳超出允许范围", dictionary.Auth, true, ""},
			{"failure", "invalid-timestamp", "时间戳格式不正确，应为yyyy-MM-dd HH:mm:ss", dictionary.Auth, true, ""},
			{"failure", "invalid-parameter", "缺少参数format", rejected, true, ""},
			{"failure", "invalid-parameter", "参数format不正确，应为xml", rejected, true, ""},
			{"failure", "invalid-parameter", "参数format重复", rejected, true, ""},
			{"failure", "invalid-parameter", "请求参数无法解析", rejected, true, ""},
			{"failure", "invalid-request", "请求报文不能为空", rejected, true, ""},
			{"failure", "invalid-request", "请求报文解析失败: not well-formed", rejected, true, ""},
			{"failure", "invalid-request", "orderType不正确: ABC", rejected, true, ""},
			{"failure", "invalid-request", "warehouseCode不能为空", rejected, true, ""},
			{"failure", "invalid-request", "cancelReason长度不能超过250", rejected, true, ""},
			{"failure", "client.protocol.invalid-argument", "接口未部署或暂不支持", rejected, true, "the code is on record"},
		}},
	{"Read as a whole", "What ends an order is never taken from a word. These are sentences about this order " +
		"(ZZCX000123, of type QTRK, in CK001) and nothing " +
		"else, and their neighbours that speak of something else or deny it.", []answer{
		{"failure", "1", "单据已取消", dictionary.AlreadyCancelled, true, "that some refuse a repeat is on record"},
		{"failure", "1", "单据[ZZCX000123]已取消", dictionary.AlreadyCancelled, true, ""},
		{"failure", "1", "取消失败，原因：入库单ZZCX000123状态为已取消", dictionary.AlreadyCancelled, true, ""},
		{"failure", "1", "order is already cancelled", dictionary.AlreadyCancelled, true, ""},
		{"failure", "1", "单据[ZZCX000123-1]已取消", rejected, false, "another document"},
		{"failure", "1", "出库单已取消", rejected, false, "another document"},
		{"failure", "1", "运单已取消", rejected, false, ""},
		{"failure", "1", "单据已取消审核", rejected, false, ""},
		{"failure", "1", "买家已取消退款,订单不允许取消", rejected, false, ""},
		{"failure", "1", "单据不是已取消状态", rejected, false, ""},
		{"failure", "1", "不能重复取消", rejected, false, "a repeat of what?"},
		{"failure", "1", "order line cancelled", rejected, false, ""},
		{"failure", "1", "运单号不存在", rejected, false, ""},
		{"success", "0", "单据ZZCX000123取消成功", cancelled, true, ""},
		{"success", "0", "取消申请已提交", dictionary.InProgress, true, "a promise"},
		{"success", "0", "已通知仓库处理", dictionary.InProgress, false, ""},
	}},
	{"By analogy", "The situation is on record for a relative, or plain to see; the words are guesses. These lines " +
		"show what the guesses " +
		"catch.", []answer{
		{"success", "0", "取消失败", rejected, false, "a success that says it failed"},
		{"success", "0", "拦截中", dictionary.InProgress, true, ""},
		{"failure", "1", "单据拦截中，请稍后再试", dictionary.InProgress, true, ""},
		{"failure", "1", "订单已经取消", dictionary.AlreadyCancelled, true, "`kenee/ONEX-OMS`: refuses a repeat"},
		{"failure", "1", "旺店通WMS返回：单据 ZZCX000123 不存在！", dictionary.NotFound, true, ""},
		{"failure", "1", "入库单[ZZCX000123]不存在", dictionary.NotFound, true, ""},
		{"failure", "1", "单据不存在或已取消", dictionary.NotFound, true, "the vendor: the two are not told apart by text"},
		{"error", "-1", "单据不存在", dictionary.NotFound, true, "any flag but success"},
		{"failure", "1", "单据已退回编辑中", rejected, false, "旗舰版 `wms.stockin.Other.cancelOtherOrder`: is tried again"},
		{"failure", "1", "取消失败，请稍后再试", rejected, false, "the same"},
		{"failure", "1", "订单已发货，请联系仓库", dictionary.TooLate, true, "a WMS of the Cainiao protocol"},
		{"failure", "1", "单据部分入库，不允许取消", dictionary.TooLate, true, "`kenee/ONEX-OMS`"},
		{"failure", "1", "单据已完成，不能取消", dictionary.TooLate, true, ""},
		{"failure", "1", "作业中的单据不能取消", dictionary.TooLate, true, ""},
		{"failure", "1", "单据状态不是编辑中、待审核、已审核，不允许取消", rejected, true, "旗舰版 `wms.stockother.In.cancelOrder`"},
		{"failure", "1", "签名错误", dictionary.Auth, true, ""},
		{"failure", "1", "无效的sid", dictionary.Auth, true, "旗舰版: a code of its own"},
		{"failure", "1", "AppKey 不存在", dictionary.Auth, true, "the same"},
		{"failure", "1", "IP不在白名单", dictionary.Auth, true, "旗舰版: a code of its own"},
		{"failure", "1", "时间戳已过期", dictionary.Auth, true, "旗舰版: a code of its own"},
		{"failure", "100", "超过最大并发数", dictionary.Throttled, true, "旗舰版: the situation is listed"},
		{"failure", "", "接口暂不支持", rejected, true, "https://www.yuque.com/huice-wiki/bhxv6e/enclt9"},
		{"failure", "1", "仓库编码CK009不存在", rejected, true, ""},
		{"failure", "1", "仓库不存在", rejected, true, ""},
		{"failure", "1", "单据类型不匹配", rejected, true, ""},
		{"failure", "1", "单据类型不存在", rejected, true, ""},
		{"failure", "1", "批次不能为空", rejected, true, ""},
		{"failure", "1", "旺店通WMS返回：Incorrect string value for column 'remark'", rejected, false, "旗舰版: failures can " +
			"be a database's text; nobody can know them all"},
	}},
}

// What the page says is what happens.
func TestWordsToDisposition(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	for _, s := range sections {
		for _, c := range s.answers {
			t.Run(s.title+" "+c.flag+" "+c.code+" "+c.text, func(t *testing.T) {
				v := meaning.Of(answered(200, c.body()), asked, words)
				require.Equal(t, c.want, v.Disposition, "entry %q", v.Entry)
				if c.want != dictionary.Unknown {
					require.Equal(t, c.recognised, v.Recognised)
				}
				require.Equal(t, c.text, v.Answer.Message)
				require.Equal(t, c.want == dictionary.Unknown, v.Cause != meaning.NoCause)
				require.Equal(t, c.want == dictionary.Throttled, v.Busy)
			})
		}
	}
}

func TestThePageIsTheTable(t *testing.T) {
	t.Parallel()
	page := render(t)
	if *update {
		require.NoError(t, os.WriteFile(answersPage, []byte(page), 0o600))
	}
	written, err := os.ReadFile(answersPage)
	require.NoError(t, err)
	require.Equal(t, page, string(written), "go test ./wmssvc/internal/meaning -run Page -update rewrites it")
}

func render(t *testing.T) string {
	t.Helper()
	words, err := dictionary.Default()
	require.NoError(t, err)
	var b strings.Builder
	fmt.Fprintf(&b, "# What a WMS answers, and what it comes to\n\n"+
		"Written by a test from what it checks (`wmssvc/internal/meaning`), with the embedded dictionary, version %s\n"+
		"(`wmssvc/internal/dictionary/default.yaml`). The flag decides first: a failure is never `cancelled`, and a "+
		"success is where it says\n"+
		"so, or nothing. A success whose words no entry knows is `in_progress`, provisional: it may be no more than "+
		"a promise, and is asked again\n"+
		"until a known answer comes. A failure that no entry knows is `rejected`, not recognised: it is asked again "+
		"a few times, then a person\n"+
		"decides. Such texts belong into `WMS_DICTIONARY`. What each disposition means for a cancellation is told in "+
		"the contract, `proto/wms/v1/order.proto`.\n\n"+
		"What a *connection* that broke comes to is another page: [wms-outcomes.md](wms-outcomes.md).\n",
		words.Version())
	for _, s := range sections {
		fmt.Fprintf(&b,
			"\n## %s\n\n%s\n\n| flag | code | text | disposition | entry | from |\n|---|---|---|---|---|---|\n",
			s.title, s.words)
		for _, c := range s.answers {
			v := meaning.Of(answered(200, c.body()), asked, words)
			disposition := "`" + string(v.Disposition) + "`"
			switch {
			case v.Provisional:
				disposition += ", provisional"
			case !v.Recognised && v.Disposition == rejected:
				disposition += ", not recognised"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.flag, c.code, c.text, disposition, v.Entry, c.from)
		}
	}
	return b.String()
}
