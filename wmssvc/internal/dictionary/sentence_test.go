package dictionary_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
)

// inbound is the order that these texts are about.
var inbound = dictionary.Order{Code: "SO-1", Warehouse: "CK001", Type: "QTRK", ID: "WMS00000009"}

// embedded is the dictionary without a file beside it, read once.
var embedded = sync.OnceValues(dictionary.Default)

func classify(t *testing.T, success bool, o dictionary.Order, texts ...string) dictionary.Meaning {
	t.Helper()
	words, err := embedded()
	require.NoError(t, err)
	return words.Classify(dictionary.Answer{Success: success, Texts: texts, Order: o})
}

// What says, as a whole, that this order is cancelled.
func TestTheseSayThatThisOrderIsCancelled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"单据已取消", "订单已经取消", "订单已被取消", "已取消", "该单已取消", "此单已作废", "本单据已经作废！", "单据已取消,不能重复取消", "单据已取消，不允许取消",
		"单据已取消，无需重复操作", "单据已取消;请勿重复提交", "单据状态为已取消", "当前单据状态:已取消，不允许取消", "单据当前状态为[已取消]，无法取消", "状态为已取消",
		"单据已处于取消状态", "单据为已取消状态", "订单状态：已作废", "订单 SO-1 已取消", "单号[SO-1]已取消", "【SO-1】已取消", "单据（SO-1）已取消", "单据编号：SO-1，已取消",
		"so-1已取消", "ＳＯ－１已取消", "仓库CK001单据SO-1已取消", "单据类型QTRK,单号SO-1已取消", "单据SO-1(仓库:CK001,类型:QTRK)已取消", "入库单SO-1已取消",
		"其他入库单[SO-1]已取消，不能再次取消", "单据[WMS00000009]已取消", "单据已于2026-11-29 10:00:00取消", "单据SO-1已取消，取消时间：2026/11/29 10:00",
		"单据取消失败：单据已取消", "取消失败，原因：单据已取消", "取消失败(单据已取消)", "旺店通WMS返回：单据取消失败,该单据已经取消", "单据已取消,取消失败", "单据已被系统取消",
		"order SO-1 已取消", "order is already cancelled", "Order has already been canceled.", "the order was cancelled",
		"order cancelled", "already cancelled",
		"The order is in cancelled status", "order status is cancelled", "SO-1:单据已取消", "单据状态已取消，不允许执行取消操作",
		"order SO-1 is already cancelled, cannot be cancelled again", "Cancel failed: order already cancelled",
	} {
		meaning := classify(t, false, inbound, text)
		require.Equal(t, dictionary.AlreadyCancelled, meaning.Disposition, text)
		require.Equal(t, dictionary.AlreadyCancelled, classify(t, false, inbound, "旺店通WMS返回："+text).Disposition, text)
		require.Equal(t, dictionary.Cancelled, classify(t, true, dictionary.Order{}, "取消成功").Disposition)
	}
}

// What speaks of something else that is cancelled, denies it, asks, or only hints at it. Not one of these may
// end an order.
func TestTheseDoNotSayThatThisOrderIsCancelled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"运单已取消", "电子面单已取消", "快递单已取消", "物流订单已取消", "面单已取消,单据取消失败", "单据取消失败，运单已取消", "货品编码P01已作废", "货品已作废", "商品已取消",
		"明细已取消", "订单明细已取消", "单据第1行已取消", "明细中存在已作废货品,取消失败", "部分明细已取消", "订单部分已取消", "单据已部分取消", "退款已取消", "退款单已取消",
		"买家已取消退款订单不允许取消", "买家已取消退款,订单不允许取消", "售后单已取消", "审核已取消", "单据已取消审核", "单据已取消审核,请重新审核后再操作", "单据已经取消审核", "订单已取消拦截",
		"拦截已取消", "该单已取消拣货", "单据已取消分配", "订单已取消锁定", "单据已取消占用", "单据已取消合单", "波次已取消", "任务已取消", "拣货单已取消", "作业单已取消", "采购单已取消",
		"仓库已作废", "仓库CK001已作废", "CK001已取消", "单据类型已作废", "单据类型QTRK已作废", "货主已作废", "店铺已取消授权", "接口已取消", "原单已取消",
		"原订单已取消", "源单据已作废",
		"关联单据已取消", "上游单据已取消", "子单已取消", "出库单已取消", "关联的出库单已取消", "加工单已取消", "单据 SO-2 已取消", "单据SO-10已取消",
		"单据SO-1-1已取消", "XSO-1已取消",
		"单据[SO-1-1]已取消", "单据未取消", "未取消", "单据不是已取消状态", "单据非已取消状态", "单据没有已取消", "订单尚未取消", "单据取消失败",
		"单据取消失败，已出库", "取消申请已驳回",
		"取消申请已取消", "取消请求已撤销", "取消操作已取消", "取消已作废", "单据可能已取消", "疑似已取消", "单据是否已取消", "单据已取消?", "请确认单据已取消", "若单据已取消请忽略",
		"单据已取消才能删除", "单据已取消后才能重新创建", "单据待取消", "单据取消中", "单据已取消或已完成", "单据不存在或已取消", "单据已出库或已取消", "只有已取消的单据才能删除",
		"不能重复取消", "请勿重复取消", "重复取消", "已取消的运单", "单据已取消失败", "单据已取消失败,请重试", "单据已取消,运单未取消", "单据已取消,但已出库", "单据已完成，取消已作废",
		"已作废货品", "已取消订单的退款不允许取消", "order line cancelled", "order item already cancelled",
		"the waybill is already cancelled", "refund cancelled", "order is not cancelled",
		"order not cancelled", "order has not been cancelled", "order cancel failed", "cancelled", "context canceled",
		"order to be cancelled", "is the order cancelled?",
		"waybill status is cancelled", "order is in cancelled line", "the order, whose waybill status is cancelled",
		"SO-2:单据已取消", "SO-1:运单已取消",
		"order status cancelled approval", "order SO-2 is already cancelled",
		"order cancelled approval", "cancel request already cancelled",
	} {
		for _, said := range []string{text, "旺店通WMS返回：" + text, "取消失败：" + text} {
			meaning := classify(t, false, inbound, said)
			require.NotContains(t, []dictionary.Disposition{dictionary.AlreadyCancelled, dictionary.Cancelled},
				meaning.Disposition, said)
		}
	}
	// Two texts must both say it.
	require.NotEqual(t, dictionary.AlreadyCancelled, classify(t, false, inbound, "电子面单错误", "单据已取消").Disposition)
	require.Equal(t, dictionary.AlreadyCancelled, classify(t, false, inbound, "单据已取消", "单据已取消").Disposition)
}

// An outbound order's own words are another document's for an inbound one.
func TestTheKindOfDocumentMustBeTheOrders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		orderType, text string
		want            bool
	}{
		{"QTCK", "出库单已取消", true},
		{"QTCK", "入库单已取消", false},
		{"JYCK", "发货单已取消", true},
		{"SCRK", "生产入库单已取消", true},
		{"CGTH", "采购退货单已取消", true},
		{"CGTH", "入库单已取消", false},
		{"THRK", "退货单已取消", true},
		{"QTRK", "退货单已取消", false},
		{"CNJG", "加工单已取消", true},
		{"CNJG", "入库单已取消", false},
		{"", "入库单已取消", false},
	} {
		meaning := classify(t, false, dictionary.Order{Code: "SO-1", Type: c.orderType}, c.text)
		require.Equal(t, c.want, meaning.Disposition == dictionary.AlreadyCancelled, "%s %s", c.orderType, c.text)
	}
}

// "Not found" ends an order too, later and by inference: it must be this order that is not found.
func TestOnlyThisOrderIsMissing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"单据不存在": true, "单据 SO-1 不存在！": true, "入库单[SO-1]不存在": true, "查无此单": true, "无此单据": true, "找不到单据": true,
		"未找到该订单": true, "未查询到订单信息": true, "没有找到对应的单据": true,
		"系统中不存在该单据": true, "单据在系统中不存在": true, "单号不存在": true, "该单据不存在，请核实": true, "单据不存在,无法取消": true,
		"单据不存在或已取消": true, "取消失败：单据不存在": true,
		"没有该单据": true, "没有此单": true, "系统没有此单据": true, "没有单据类型": false, "单据没有明细": false, "没有该单据的权限": false,
		"订单号SO-1不存在": true, "order not found": true, "Order SO-1 does not exist": true, "no such order": true,
		"不存在此单据": true, "无法找到该单据": true,
		"运单不存在": false, "运单号不存在": false, "物流单号不存在": false, "退款订单不存在": false, "原单据不存在": false, "单据明细不存在": false,
		"货品不存在": false, "仓库不存在": false,
		"单据类型不存在": false, "仓库编码CK001不存在": false, "单据SO-2不存在": false, "订单货主不存在": false, "单据存在": false,
		"单据不存在可取消的明细": false, "出库单不存在": false,
		"单据不存在问题": false, "order line not found": false,
	} {
		require.Equal(t, want, classify(t, false, inbound, text).Disposition == dictionary.NotFound, text)
	}
}

// A success whose words are not known may be no more than a promise.
func TestSuccesses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "取消成功", "旺店通WMS返回：取消成功", "旺店通WMS返回：", "成功", "OK", "ok", "操作成功", "success", "Success!", "单据取消成功",
		"订单[SO-1]取消成功", "单据SO-1已成功取消", "取消单据成功",
		"旺店通WMS返回：入库单SO-1取消成功。", "单据已取消", "cancel success", "order cancelled", "cancelled successfully",
	} {
		meaning := classify(t, true, inbound, text)
		require.Equal(t, dictionary.Cancelled, meaning.Disposition, text)
		require.True(t, meaning.Recognised, text)
		require.False(t, meaning.Provisional, text)
	}
	for _, text := range []string{
		"已受理", "取消申请提交成功", "处理中", "请求已接收", "接收成功", "拦截中", "单据作业中,拦截中", "已提交取消申请", "取消申请已提交", "取消请求已受理，请等待仓库确认", "正在取消",
		"单据取消中", "已下发拦截指令", "Interception under way", "intercept in progress",
	} {
		meaning := classify(t, true, inbound, text)
		require.Equal(t, dictionary.InProgress, meaning.Disposition, text)
		require.True(t, meaning.Recognised, text)
		require.False(t, meaning.Provisional, text)
	}
	for _, text := range []string{
		"商品同步成功", "旺店通WMS返回：库存查询成功", "请求成功", "部分取消成功", "取消成功0条,失败1条", "单据不存在", "运单取消成功", "订单SO-2取消成功", "已通知仓库",
		"将于稍后处理", "取消审核成功",
		"done?", "accepted", "电子面单取消成功", "收到",
	} {
		meaning := classify(t, true, inbound, text)
		require.Equal(t, dictionary.InProgress, meaning.Disposition, text)
		require.False(t, meaning.Recognised, text)
		require.True(t, meaning.Provisional, text)
	}
}

// One text about many orders is one text.
func TestTextsAreGroupedWithoutWhatNamesTheOrder(t *testing.T) {
	t.Parallel()
	other := dictionary.Order{Code: "SO-22", Warehouse: "CK002", Type: "QTCK"}
	require.Equal(t, "仓库#单据[#]在#被拒", classify(t, false, inbound, "仓库CK001单据【SO-1】在 2026-11-29 10:00:00 被拒").Text)
	require.Equal(t, "仓库#单据[#]在#被拒", classify(t, false, other, "仓库 CK002 单据[SO-22]在2026年11月30日11时02分被拒").Text)
	require.Equal(t, "单据so-12被拒 / e", classify(t, false, inbound, "E", "单据SO-12被拒").Text)
	require.Equal(t, "旺店通wms返回:取消成功", classify(t, true, inbound, "旺店通WMS返回：取消成功").Text)
}

// The common successes take a short way, which must lead where the long one does.
func TestTheShortWayLeadsWhereTheLongOneDoes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"旺店通WMS返回：取消成功", "取消成功", "成功", "操作成功", "OK", "success", "旺店通WMS返回："} {
		long := dictionary.Order{Code: text, Type: "QTRK"} // its own fact in the text: the long way
		short := classify(t, true, inbound, text)
		require.Equal(t, dictionary.Cancelled, short.Disposition)
		require.NotEqual(t, short.Text, classify(t, true, long, text).Text)
		require.Equal(t, short, classify(t, true, dictionary.Order{}, text))
	}
	for _, text := range []string{"旺店通WMS返回：单据已取消,不能重复取消", "单据不存在", "旺店通WMS返回：单据作业中,不允许取消"} {
		short, long := classify(t, false, inbound, text), classify(t, false, inbound, text+"！")
		require.NotEmpty(t, short.Entry)
		require.Equal(t, long.Disposition, short.Disposition)
	}
	words, err := dictionary.Extend([]byte("version: x\nentries:\n" +
		"  - {name: a, flag: success, disposition: too_late, texts: [取消成功]}\n"))
	require.NoError(t, err)
	require.Equal(t, dictionary.TooLate,
		words.Classify(dictionary.Answer{Success: true, Texts: []string{"取消成功"}}).Disposition)
}

// What an account is refused for stands in the words.
func TestWhatAnAccountIsRefusedFor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dictionary.Fault{
		"时间戳已过期": dictionary.Clock, "timestamp expired": dictionary.Clock, "时间戳误差过大": dictionary.Clock,
		"请求已过期": dictionary.Clock, "Invalid timestamp": dictionary.Clock,
		"appkey无效": dictionary.Credentials, "无效的sid": dictionary.Credentials, "应用未授权": dictionary.Credentials,
		"签名错误": dictionary.Credentials, "invalid sign": dictionary.Credentials,
		"接口无权限": dictionary.Credentials, "没有权限调用该接口": dictionary.Credentials,
		"IP 1.2.3.4 不在白名单": dictionary.Credentials, "app key not exist": dictionary.Credentials,
	} {
		meaning := classify(t, false, inbound, "旺店通WMS返回："+text)
		require.Equal(t, dictionary.Auth, meaning.Disposition, text)
		require.Equal(t, want, meaning.Fault, text)
	}
	for _, text := range []string{
		"时间戳超时", "时间戳不在允许范围内", "客户端时间与服务器时间不一致", "服务器时间误差超过5分钟", "timestamp difference too large",
		"签名错误,时间戳过期", "签名校验失败：时间戳已过期",
		"sign error: timestamp expired", "签名已过期", "请检查系统时间",
	} {
		require.Equal(t, dictionary.Clock, classify(t, false, inbound, "旺店通WMS返回："+text).Fault, text)
	}
	for _, text := range []string{
		"signature mismatch", "验签不通过", "无接口调用权限", "您没有该接口的权限", "账号不存在", "该账号已停用", "卖家账号无效", "授权已过期", "没有权限",
		"权限不足", "接口权限不足",
	} {
		require.Equal(t, dictionary.Credentials, classify(t, false, inbound, "旺店通WMS返回："+text).Fault, text)
	}
	// The failure: one order's carrier, shop or owner stopped the whole account.
	for _, text := range []string{
		"无仓库访问权限", "快递账号无效", "电子面单账号不存在", "物流账号已停用", "店铺授权已过期", "店铺未授权", "货主无权限操作该仓库", "供应商账号不存在",
		"快递公司授权过期", "收货人账号错误",
		"单据系统时间错误", "发货请求时间超出范围", "预约时间已过期", "用户没有取消单据的权限", "仓库权限不足", "操作员权限不足",
	} {
		require.Equal(t, dictionary.Rejected, classify(t, false, inbound, "旺店通WMS返回："+text).Disposition, text)
	}
}

// What was shipped or received is too late, however it is said.
func TestTooLate(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"已经发货", "已经出库", "单据取消失败，已出库", "订单已发货，请联系仓库", "单据已部分入库", "单据已经全部入库", "货物已签收", "order already shipped",
	} {
		require.Equal(t, dictionary.TooLate, classify(t, false, inbound, text).Disposition, text)
	}
}
