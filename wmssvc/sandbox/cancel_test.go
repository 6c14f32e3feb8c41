package sandbox_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func TestEachStateAnswersACancelInItsOwnWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state         warehouse.State
		flag, text    string
		outcome       warehouse.Outcome
		after         warehouse.State
		effects       int
		codeIsPresent string
	}{
		{warehouse.StatePending, "success", "旺店通WMS返回：取消成功", "cancelled", warehouse.StateCancelled, 1, "0"},
		{warehouse.StateApproved, "success", "旺店通WMS返回：取消成功", "cancelled", warehouse.StateCancelled, 1, "0"},
		{warehouse.StateWorking, "failure", "旺店通WMS返回：单据作业中,不允许取消", "refused", warehouse.StateWorking, 0, "1"},
		{warehouse.StatePartlyReceived, "failure", "旺店通WMS返回：单据已部分入库," +
			"不允许取消", "refused", warehouse.StatePartlyReceived, 0, "1"},
		{warehouse.StateDone, "failure", "旺店通WMS返回：单据已完成,不允许取消", "refused", warehouse.StateDone, 0, "1"},
		{warehouse.StateCancelled, "failure", "旺店通WMS返回：单据已取消,不能重复取消", "already", warehouse.StateCancelled, 0, "1"},
	} {
		t.Run(string(c.state), func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX1", c.state)
			got := b.cancel(k)
			require.Equal(t, c.flag, got.Flag)
			require.Equal(t, c.text, got.text())
			require.Equal(t, c.codeIsPresent, *got.Code)
			truth := b.truth(k)
			require.Equal(t, c.after, truth.Order.State)
			require.Equal(t, c.effects, truth.Effects)
			require.Equal(t, 1, truth.Requests)
			require.Equal(t, c.outcome, truth.Arrivals[0].Outcome)
			require.Equal(t, c.effects == 1, truth.Arrivals[0].TookEffect)
			require.Equal(t, c.text, truth.Arrivals[0].Message)
			require.True(t, truth.Arrivals[0].Answered)
		})
	}
}

func TestAnAnswerHasTheRecordedForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := b.cancel(b.order("ZZCX1", warehouse.StateApproved))
	require.Equal(t, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<response><flag>success</flag><code>0</code>"+
		"<message>旺店通WMS返回：取消成功</message></response>\r\n", got.body)
	require.Equal(t, "wms", got.header.Get(sandbox.HeaderSandbox))
	require.Equal(t, "Sun, 05 May 2024 23:08:09 GMT", got.header.Get("Date"))
}

func TestRepeatedCancel(t *testing.T) {
	t.Parallel()
	for setting, flag := range map[string]string{"failure": "failure", "success": "success", "noop": "success"} {
		t.Run(setting, func(t *testing.T) {
			b := setup(t, personality(behaviour.Personality{RepeatCancel: setting}))
			k := b.order("ZZCX1", warehouse.StateApproved)
			require.Equal(t, "success", b.cancel(k).Flag)
			require.Equal(t, flag, b.cancel(k).Flag)
			truth := b.truth(k)
			require.Equal(t, 2, truth.Requests)
			require.Equal(t, 1, truth.Effects)
			require.Equal(t, warehouse.OutcomeAlready, truth.Arrivals[1].Outcome)
		})
	}
}

func TestUnknownOrdersAreAnsweredAndRemembered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := b.cancel(key("NOWHERE"))
	require.Equal(t, "failure", got.Flag)
	require.Equal(t, "旺店通WMS返回：单据不存在", got.text())
	require.NoError(t, b.SetPersonality(behaviour.Personality{UnknownOrder: "success"}))
	require.Equal(t, "success", b.cancel(key("NOWHERE")).Flag)

	truth := b.truth(key("NOWHERE"))
	require.Nil(t, truth.Order)
	require.Equal(t, 2, truth.Requests)
	require.Zero(t, truth.Effects)
	require.Equal(t, warehouse.OutcomeUnknown, truth.Arrivals[0].Outcome)

	k := b.order("NOWHERE", warehouse.StateApproved)
	b.cancel(k)
	truth = b.truth(k)
	require.Equal(t, 3, truth.Requests, "what came too early still counts")
	require.Equal(t, 1, truth.Effects)
	require.Zero(t, b.Status().Unknown)
}

func TestMatching(t *testing.T) {
	t.Parallel()
	wrongType, wrongHouse, otherTenant := key("ZZCX1"), key("ZZCX1"), key("ZZCX1")
	wrongType.OrderType, wrongHouse.WarehouseCode, otherTenant.SID = "QTCK", "CK002", "othersid"
	for _, c := range []struct {
		match string
		asked warehouse.Key
		text  string
		state warehouse.State
	}{
		{"strict", wrongType, "单据类型与单据不符", warehouse.StateApproved},
		{"strict", wrongHouse, "仓库编码与单据不符", warehouse.StateApproved},
		{"ignore_type", wrongType, "取消成功", warehouse.StateCancelled},
		{"ignore_type", wrongHouse, "仓库编码与单据不符", warehouse.StateApproved},
		{"ignore_warehouse", wrongHouse, "取消成功", warehouse.StateCancelled},
		{"ignore_warehouse", wrongType, "单据类型与单据不符", warehouse.StateApproved},
		{"code_only", wrongType, "取消成功", warehouse.StateCancelled},
		{"code_only", wrongHouse, "取消成功", warehouse.StateCancelled},
	} {
		t.Run(c.match+" "+c.asked.String(), func(t *testing.T) {
			b := setup(t, personality(behaviour.Personality{Match: c.match}))
			k := b.order("ZZCX1", warehouse.StateApproved)
			require.Equal(t, "旺店通WMS返回："+c.text, b.cancel(c.asked).text())
			require.Equal(t, c.state, b.truth(k).Order.State)
			if c.state == warehouse.StateApproved {
				require.Zero(t, b.truth(k).Requests)
				require.Equal(t, warehouse.OutcomeMismatch, b.truth(c.asked).Arrivals[0].Outcome)
			} else {
				require.Equal(t, c.asked, b.truth(k).Arrivals[0].Asked)
			}
		})
	}
	t.Run("both legs of one number are two orders", func(t *testing.T) {
		b := setup(t)
		in := b.order("ZZCX1", warehouse.StateApproved)
		_, err := b.CreateOrder(warehouse.Order{Key: wrongType})
		require.NoError(t, err)
		require.Equal(t, "success", b.cancel(in).Flag)
		require.Equal(t, warehouse.StateApproved, b.truth(wrongType).Order.State)
	})
	t.Run("a mismatch can be answered as unknown", func(t *testing.T) {
		b := setup(t, personality(behaviour.Personality{Mismatch: "not_found"}))
		b.order("ZZCX1", warehouse.StateApproved)
		require.Equal(t, "旺店通WMS返回：单据不存在", b.cancel(wrongType).text())
	})
	t.Run("another account's order is not there", func(t *testing.T) {
		b := setup(t)
		_, err := b.CreateOrder(warehouse.Order{Key: otherTenant})
		require.NoError(t, err)
		require.Equal(t, "旺店通WMS返回：单据不存在", b.cancel(key("ZZCX1")).text())
		require.Zero(t, b.truth(otherTenant).Requests)
	})
}

func TestInterceptingWork(t *testing.T) {
	t.Parallel()
	t.Run("ends by hand, and the effect is the first request's", func(t *testing.T) {
		b := setup(t, personality(behaviour.Personality{Working: "intercept", InterceptFlag: "success"}))
		k := b.order("ZZCX1", warehouse.StateWorking)
		got := b.cancel(k)
		require.Equal(t, "success", got.Flag)
		require.Contains(t, got.text(), "拦截中")
		require.Contains(t, b.cancel(k).text(), "拦截中")
		require.True(t, b.truth(k).Order.Intercepting)
		require.Zero(t, b.truth(k).Effects)

		b.clock.pass(time.Minute)
		_, err := b.SetState(warehouse.Move{Key: k, To: warehouse.StateCancelled})
		require.NoError(t, err)
		truth := b.truth(k)
		require.Equal(t, 1, truth.Effects)
		require.True(t, truth.Arrivals[0].TookEffect)
		require.Equal(t, vectorTime.Add(time.Minute), truth.Arrivals[0].EffectAt.UTC())
		require.False(t, truth.Arrivals[1].TookEffect)
	})
	for ends, state := range map[string]warehouse.State{
		"cancelled": warehouse.StateCancelled, "refused": warehouse.StateWorking,
	} {
		t.Run("ends by itself: "+ends, func(t *testing.T) {
			b := setup(t,
				personality(behaviour.Personality{Working: "intercept", InterceptEnds: ends, InterceptMS: 5000}))
			k := b.order("ZZCX1", warehouse.StateWorking)
			require.Equal(t, "failure", b.cancel(k).Flag)
			b.clock.pass(4999 * time.Millisecond)
			require.True(t, b.truth(k).Order.Intercepting)
			b.clock.pass(time.Millisecond)
			require.False(t, b.truth(k).Order.Intercepting)
			require.Equal(t, state, b.truth(k).Order.State)
		})
	}
	t.Run("is overtaken when the work is finished", func(t *testing.T) {
		b := setup(t, personality(behaviour.Personality{Working: "intercept"}))
		k := b.order("ZZCX1", warehouse.StateWorking)
		b.cancel(k)
		_, err := b.SetState(warehouse.Move{Key: k, To: warehouse.StateDone})
		require.NoError(t, err)
		require.Contains(t, b.cancel(k).text(), "已完成")
		require.Zero(t, b.truth(k).Effects)
	})
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const ok = "<warehouseCode>CK001</warehouseCode><orderCode>ZZCX1</orderCode><orderType>QTRK</orderType>"
	wrap := func(inner string) string { return "<request>" + inner + "</request>" }
	long := strings.Repeat("仓", 51)
	for _, c := range []struct{ name, body, text string }{
		{"no warehouse", wrap("<orderCode>ZZCX1</orderCode><orderType>QTRK</orderType>"), "warehouseCode不能为空"},
		{"a blank number", wrap("<warehouseCode>CK001</warehouseCode><orderCode> " +
			"</orderCode><orderType>QTRK</orderType>"), "orderCode不能为空"},
		{"no type", wrap("<warehouseCode>CK001</warehouseCode><orderCode>ZZCX1</orderCode>"), "orderType不能为空"},
		{"an unlisted type", strings.Replace(wrap(ok), "QTRK", "CNJG", 1), "orderType不正确"},
		{"a number of 51", wrap("<warehouseCode>CK001</warehouseCode><orderCode>" + long +
			"</orderCode><orderType>QTRK</orderType>"), "长度不能超过50"},
		{"a reason of 251", wrap(ok + "<cancelReason>" + strings.Repeat("因", 251) + "</cancelReason>"), "长度不能超过250"},
		{"a field twice", wrap(ok + "<orderCode>ZZCX2</orderCode>"), "解析失败"},
		{"a field with children", wrap(ok + "<cancelReason><b>x</b></cancelReason>"), "解析失败"},
		{"another root", "<response>" + ok + "</response>", "解析失败"},
		{"two roots", wrap(ok) + wrap(ok), "解析失败"},
		{"text beside the root", wrap(ok) + "x", "解析失败"},
		{"an open element", "<request>" + ok, "解析失败"},
		{"a DTD", `<!DOCTYPE request [<!ENTITY e "ZZCX1">]>` + wrap(ok), "解析失败"},
		{"an entity of its own", wrap(strings.Replace(ok, "ZZCX1", "&e;", 1)), "解析失败"},
		{"bytes that are not UTF-8", wrap(ok + "<cancelReason>\xff</cancelReason>"), "解析失败"},
		{"another charset", `<?xml version="1.0" encoding="GBK"?>` + wrap(ok), "解析失败"},
		{"a control character", wrap(ok + "<cancelReason>\x01</cancelReason>"), "解析失败"},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX1", warehouse.StateApproved)
			got, err := b.send(c.body)
			require.NoError(t, err)
			require.Equal(t, "failure", got.Flag)
			require.Contains(t, got.text(), c.text)
			require.Zero(t, b.truth(k).Requests)
		})
	}
	for _, c := range []struct{ name, body string }{
		{"unknown elements", wrap(ok + "<subSourceOrders><subSourceOrder><subSourceOrderCode>1</subSourceOrderCode>" +
			"</subSourceOrder></subSourceOrders><remark/>")},
		{"extendProps with any children", wrap(ok + "<extendProps><a>1</a><b><c>2</c></b></extendProps>")},
		{"a reason of 250 and CDATA", wrap(ok + "<cancelReason><![CDATA[" + strings.Repeat("因",
			250) + "]]></cancelReason>")},
		{"an element of another namespace", wrap(ok + `<x:orderCode xmlns:x="urn:x">ZZCX2</x:orderCode>`)},
		{"comments and line ends", "<?xml version='1.0'?>\n<!-- x -->\n" + wrap("\n"+ok+"<!-- y -->\n") + "\n"},
	} {
		t.Run(c.name+" pass", func(t *testing.T) {
			b := setup(t)
			b.order("ZZCX1", warehouse.StateApproved)
			got, err := b.send(c.body)
			require.NoError(t, err)
			require.Equal(t, "success", got.Flag, got.body)
		})
	}
	t.Run("CNJG passes by setting", func(t *testing.T) {
		b := setup(t, personality(behaviour.Personality{AcceptCNJG: true}))
		k := key("ZZCX1")
		k.OrderType = "CNJG"
		_, err := b.CreateOrder(warehouse.Order{Key: k})
		require.NoError(t, err)
		require.Equal(t, "success", b.cancel(k).Flag)
	})
	t.Run("more than a mebibyte is refused by HTTP", func(t *testing.T) {
		b := setup(t)
		got, err := b.send(wrap(ok + strings.Repeat(" ", 1<<20)))
		require.NoError(t, err)
		require.Equal(t, 413, got.status)
	})
	t.Run("only POST is served", func(t *testing.T) {
		b := setup(t)
		require.Equal(t, 405, b.control("GET", "/wms_api/wdt_service.php?"+b.wdtQuery("").Encode(), "", nil))
	})
}

func TestQimen(t *testing.T) {
	t.Parallel()
	qimen := func(b *bundle, body string) answer {
		q := qimenQuery("order.cancel", "md5", "")
		q.Set("sign", signed(q, body, secret, false))
		got, err := b.post(b.QimenURL(), q, body)
		require.NoError(t, err)
		return got
	}
	body := func(fields string) string {
		return "<request><warehouseCode>OTHER</warehouseCode><orderCode>ZZCX1</orderCode>" + fields + "</request>"
	}
	t.Run("needs neither warehouse nor type, and answers without the WMS's prefix", func(t *testing.T) {
		b := setup(t)
		k := b.order("ZZCX1", warehouse.StateApproved)
		got := qimen(b, body(""))
		require.Equal(t, "success", got.Flag)
		require.Equal(t, "取消成功", got.text())
		require.Equal(t, "qimen", b.truth(k).Arrivals[0].Dialect)
	})
	t.Run("refuses to choose between two orders", func(t *testing.T) {
		b := setup(t)
		b.order("ZZCX1", warehouse.StateApproved)
		out := key("ZZCX1")
		out.OrderType = "QTCK"
		_, err := b.CreateOrder(warehouse.Order{Key: out})
		require.NoError(t, err)
		require.Equal(t, "failure", qimen(b, body("")).Flag)
		require.Zero(t, b.Status().Effects)
		require.Equal(t, "success", qimen(b, body("<orderType>QTCK</orderType>")).Flag)
	})
	t.Run("checks owner and the WMS's own number", func(t *testing.T) {
		b := setup(t)
		_, err := b.CreateOrder(warehouse.Order{Key: key("ZZCX1"), OwnerCode: "HZ01", WMSOrderID: "W7"})
		require.NoError(t, err)
		require.Contains(t, qimen(b, body("<ownerCode>GZ01</ownerCode>")).text(), "货主编码")
		require.Contains(t, qimen(b, body("<orderId>W8</orderId>")).text(), "单据编码")
		require.Equal(t, "success", qimen(b, body("<ownerCode>HZ01</ownerCode><orderId>W7</orderId>")).Flag)
	})
	t.Run("does not know the WDT method, nor WDT the Qimen one", func(t *testing.T) {
		b := setup(t)
		q := qimenQuery("WDT_WMS_ORDER_CANCEL", "md5", "")
		q.Set("sign", signed(q, bodyA, secret, false))
		got, err := b.post(b.QimenURL(), q, bodyA)
		require.NoError(t, err)
		require.Equal(t, "client.protocol.invalid-argument", *got.Code)
		w := b.wdtQuery(bodyA)
		w.Set("method", "order.cancel")
		w.Set("sign", signed(w, bodyA, secret, true))
		got, err = b.post(b.URL(), w, bodyA)
		require.NoError(t, err)
		require.Equal(t, "client.protocol.invalid-argument", *got.Code)
	})
}

func TestThrottleCountsEachAccountByTheMinute(t *testing.T) {
	t.Parallel()
	b := setup(t, personality(behaviour.Personality{RatePerMinute: 2}))
	k := b.order("ZZCX1", warehouse.StateApproved)
	other := b.order("ZZCX2", warehouse.StateApproved)
	require.Equal(t, "success", b.cancel(k).Flag)
	require.Equal(t, "failure", b.cancel(k).Flag)
	got := b.cancel(other)
	require.Equal(t, "failure", got.Flag)
	require.Contains(t, got.text(), "超过每分钟最大调用频率限制")
	require.Equal(t, warehouse.StateApproved, b.truth(other).Order.State)
	require.Equal(t, warehouse.OutcomeThrottled, b.truth(other).Arrivals[0].Outcome)

	b.clock.pass(time.Minute)
	require.Equal(t, "success", b.cancel(other).Flag)
}

func TestManyAtOnceCancelAnOrderOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := b.order("ZZCX1", warehouse.StateApproved)
	var wg sync.WaitGroup
	flags := make(chan string, 32)
	q, body := b.wdtQuery(cancelBody(k)), cancelBody(k)
	for range cap(flags) {
		wg.Go(func() {
			got, err := b.post(b.URL(), url.Values(q), body)
			if err == nil {
				flags <- got.Flag
			}
		})
	}
	wg.Wait()
	close(flags)
	successes := 0
	for flag := range flags {
		if flag == "success" {
			successes++
		}
	}
	require.Equal(t, 1, successes)
	require.Equal(t, 1, b.truth(k).Effects)
	require.Equal(t, 32, b.truth(k).Requests)
}
