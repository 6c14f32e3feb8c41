package dictionary_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
)

// textsOf reads the texts of a file with the orders that they are about.
func textsOf(t *testing.T, name string) map[string]dictionary.Order {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	texts := make(map[string]dictionary.Order)
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		order := inbound
		if orderType, text, typed := strings.Cut(line, "|"); typed {
			order.Type, line = orderType, text
		}
		texts[line] = order
	}
	require.NotEmpty(t, texts)
	return texts
}

// Numbers in brackets or quotes, times, names of users, and the ways in which this vendor's answers begin.
func TestTheSentencesInAllTheirForms(t *testing.T) {
	t.Parallel()
	for text, order := range textsOf(t, "says-cancelled.txt") {
		require.Equal(t, dictionary.AlreadyCancelled, classify(t, false, order, text).Disposition, text)
	}
	for text, order := range textsOf(t, "says-missing.txt") {
		require.Equal(t, dictionary.NotFound, classify(t, false, order, text).Disposition, text)
	}
}

func TestNoneOfTheseEndsAnOrder(t *testing.T) {
	t.Parallel()
	for text, order := range textsOf(t, "says-neither.txt") {
		requireOpen(t, order, text)
	}
}

// others are what else may be cancelled, void or missing.
const others = `运单 电子面单 快递单 物流单 面单 波次 任务 拣货任务 上架任务 拣货单 盘点单 移库单 退款 退款单 退款申请 售后单 换货申请 审核 复核 反审核 明细 单据明细 订单明细 子订单 子单 原单 原订单
上级单据 源单 关联单据 关联订单 上游订单 下游单据 货品 商品 规格 货位 库位 仓库 货主 店铺 承运商 批次 箱码 预约单 到货通知 拦截 拦截请求 取消请求 取消申请 取消指令 本次取消 请求 申请 锁定 库存占用
分配 合单 打包 标签 运单号 物流单号 采购单 采购订单 销售订单 调拨单 出库单 发货单 平台订单 赠品订单 补发单 波次单 作业单 质检单 收货任务 入库任务 收货 入库 验收 第1行 该行 其中一行 账号 授权 接口
合同 配送单 派车单 发票 支付单 结算单 客户 供应商 另一单据 其他单据 上一单 父单据 合并单据 新单据 重复单据 部分单据 个别单据 某单据 这些单据 所有单据 单据SO-2 订单SO-1-2 单据SO-11
单据[SO-2] SO-1-1 SO-1_1 SO-1A SO-12`

func TestNothingElseThatIsCancelledEndsAnOrder(t *testing.T) {
	t.Parallel()
	for other := range strings.FieldsSeq(others) {
		for _, form := range []string{
			"%已取消", "%已作废", "%已被取消,单据取消失败", "单据取消失败:%已取消", "单据的%已取消", "单据SO-1的%已取消", "旺店通WMS返回：%状态为已取消",
			"旺店通WMS返回%已取消", "错误：%已取消",
			"%已取消,不能重复取消", "%处于已取消状态", "%已被admin取消", "%已取消,操作人:张三", "2026-11-29 10:00:00 %已取消", "%不存在", "单据的%不存在",
			"找不到%", "没有找到%", "查无%", "单据SO-1的%不存在", "取消失败:%不存在",
		} {
			requireOpen(t, inbound, strings.ReplaceAll(form, "%", other))
		}
	}
}

func requireOpen(t *testing.T, order dictionary.Order, text string) {
	t.Helper()
	require.NotContains(t,
		[]dictionary.Disposition{dictionary.AlreadyCancelled, dictionary.Cancelled, dictionary.NotFound},
		classify(t, false, order, text).Disposition, text)
}

// A success with words that stand before the cause of a failure is no success without words; the vendor's prefix
// alone is one.
func TestASuccessIsNotReadBehindAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"旺店通WMS返回", "旺店通WMS返回：", "旺店通WMS返回 ：", "[旺店通WMS返回]", "旺店通WMS返回取消成功"} {
		require.Equal(t, dictionary.Cancelled, classify(t, true, inbound, text).Disposition, text)
	}
	for _, text := range []string{"错误信息：", "旺店通WMS返回错误：", "错误：取消成功", "失败原因：", "旺店通WMS返回失败：成功", "消息接收成功"} {
		require.Equal(t, dictionary.InProgress, classify(t, true, inbound, text).Disposition, text)
	}
}

// Nor does a success about something else, of a part, or about the asking.
func TestNoSuccessOfSomethingElseEndsAnOrder(t *testing.T) {
	t.Parallel()
	for other := range strings.FieldsSeq(others) {
		for _, form := range []string{
			"%取消成功", "取消%成功", "成功取消%", "%已取消", "旺店通WMS返回%取消成功", "%作废成功", "单据的%取消成功", "单据SO-1的%已成功取消",
			"取消单据的%成功", "取消单据SO-1的%成功",
		} {
			requirePromise(t, strings.ReplaceAll(form, "%", other))
		}
	}
	for _, text := range []string{
		"请求取消成功", "申请取消成功", "发起取消成功", "提交取消成功", "取消提交成功", "取消请求成功", "取消受理成功", "取消登记成功", "未取消成功", "没有取消成功", "尚未取消成功",
		"将取消成功", "可取消成功", "若取消成功",
		"取消成功后通知", "取消成功率", "取消成功前", "取消成功?", "取消成功数:0", "成功取消数量0", "取消成功,但运单未取消", "取消成功,部分明细除外", "取消成功(部分)", "取消成功...",
		"取消成功1张", "取消成功:SO-2",
		"SO-2:取消成功", "SO-1,SO-2取消成功", "SO-1-1取消成功", "操作成功,等待审核", "操作成功,0条", "成功0条", "成功,请稍后查看", "OK, queued",
		"ok to cancel?", "success: 0", "success=false", "success, pending",
		"order cancelled: 0", "cancellation successfully requested", "cancel request success",
		"cancelled successfully: 0", "waybill cancelled successfully", "refund cancelled", "not cancelled",
		"order not cancelled", "order will be cancelled", "order cancellation accepted", "order cancelled partially",
		"成功接收", "成功受理", "消息发送成功", "推送成功", "通知成功", "转发成功", "同步成功", "查询成功",
	} {
		requirePromise(t, text)
	}
}

func requirePromise(t *testing.T, text string) {
	t.Helper()
	meaning := classify(t, true, inbound, text)
	require.Equal(t, dictionary.InProgress, meaning.Disposition, text)
}
