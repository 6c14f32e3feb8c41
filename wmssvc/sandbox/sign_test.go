package sandbox_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Bodies of the vectors. They were computed with two independent implementations, one of them npm's topsdk 1.0.13.
const (
	bodyA = `<request><warehouseCode>CK001</warehouseCode><orderCode>ZZCX000123</orderCode><orderType>` +
		`QTRK</orderType>` +
		`<cancelReason>金蝶作废</cancelReason></request>`
	bodyB = `<?xml version="1.0" encoding="utf-8"?>` + "\r\n<request>\r\n  <warehouseCode>CK001</warehouseCode>\r\n" +
		"  <orderCode>ZZCX000123</orderCode>\r\n  <orderType>QTRK</orderType>\r\n" +
		"  <cancelReason>金蝶 作废</cancelReason>\r\n</request>\r\n"
	bodyC = `<request><warehouseCode>CK001</warehouseCode><orderCode>ZZCX000123</orderCode><orderType>` +
		`QTRK</orderType>` +
		`<cancelReason>A&amp;B &lt;x&gt;</cancelReason><extendProps><key1>value1</key1></extendProps></request>`
)

func vectorQuery(sign string) url.Values {
	return url.Values{
		"method": {"WDT_WMS_ORDER_CANCEL"}, "sid": {"testsid"}, "appkey": {"testappkey"}, "format": {"xml"},
		"sign_method": {"md5"}, "timestamp": {"2024-05-06 07:08:09"}, "sign": {sign},
	}
}

func TestWDTSignatureVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, body, stripped, unstripped, reason string
	}{
		{"A", bodyA, "12CFDA0D2CA6362F4A2CDD60834C378A", "61667E21A27BC34A46457EFF3D9D1F66", "金蝶作废"},
		{"B", bodyB, "97F7DFF2FC77CDE4A0C9E95DAD31B26E", "D27136B922F1026255073B9EF0A4FD53", "金蝶 作废"},
		{"C", bodyC, "8E5A56402524689E98517FA1E0482F38", "A973F29895C167A396E1DC8D3C396BF9", "A&B <x>"},
	} {
		t.Run(v.name+" is accepted stripped and refused unstripped", func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX000123", warehouse.StateApproved)

			got, err := b.post(b.URL(), vectorQuery(v.unstripped), v.body)
			require.NoError(t, err)
			require.Equal(t, 200, got.status)
			require.Equal(t, "failure", got.Flag)
			require.Equal(t, "sign-check-failure", *got.Code)
			require.Contains(t, got.text(), "Illegal request")
			require.Zero(t, b.truth(k).Requests)

			got, err = b.post(b.URL(), vectorQuery(v.stripped), v.body)
			require.NoError(t, err)
			require.Equal(t, "success", got.Flag)
			require.Equal(t, v.reason, b.truth(k).Arrivals[0].CancelReason)
		})
	}
	t.Run("E, the empty body, passes the signature and fails as a body", func(t *testing.T) {
		b := setup(t)
		got, err := b.post(b.URL(), vectorQuery("5B9CD3410E440CB3EE1BB24BF3B5E8D5"), "")
		require.NoError(t, err)
		require.Equal(t, "invalid-request", *got.Code)
		got, err = b.post(b.URL(), vectorQuery("6666A2034456881162C62C9745FB13A6"), "")
		require.NoError(t, err)
		require.Equal(t, "sign-check-failure", *got.Code)
	})
	t.Run("a timestamp sent without its space has the same signature", func(t *testing.T) {
		b := setup(t)
		b.order("ZZCX000123", warehouse.StateApproved)
		q := vectorQuery("12CFDA0D2CA6362F4A2CDD60834C378A")
		q.Set("timestamp", "2024-05-0607:08:09")
		got, err := b.post(b.URL(), q, bodyA)
		require.NoError(t, err)
		require.Equal(t, "success", got.Flag)
	})
	t.Run("lower-case hex is refused", func(t *testing.T) {
		b := setup(t)
		got, err := b.post(b.URL(), vectorQuery("12cfda0d2ca6362f4a2cdd60834c378a"), bodyA)
		require.NoError(t, err)
		require.Equal(t, "sign-check-failure", *got.Code)
	})
}

func TestQimenSignatureVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ method, signMethod, sign string }{
		{"taobao.qimen.order.cancel", "md5", "BFCD5356DDC4F5A8903D0DBBC83D0769"},
		{"order.cancel", "md5", "05B19B31E9F2B1D6D739F6315FF0AA2B"},
		// computed for this test with Python's hmac module over the same text
		{"order.cancel", "hmac", "D2A9DB61DF006BE465AC1919740BF5C2"},
		{"order.cancel", "hmac-sha256", "FA4FDA9CC203F167B92AAC50FDC12CFE4F1D81FB338C76FE7A3EE5A1A3468A6D"},
	} {
		t.Run(v.method+" "+v.signMethod, func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX000123", warehouse.StateApproved)
			q := qimenQuery(v.method, v.signMethod, v.sign)
			q.Set("sign", q.Get("sign")[1:]+"0")
			got, err := b.post(b.QimenURL(), q, bodyA)
			require.NoError(t, err)
			require.Equal(t, "sign-check-failure", *got.Code)

			got, err = b.post(b.QimenURL(), qimenQuery(v.method, v.signMethod, v.sign), bodyA)
			require.NoError(t, err)
			require.Equal(t, "success", got.Flag, got.body)
			require.Equal(t, v.method, b.truth(k).Arrivals[0].Method)
		})
	}
	t.Run("the stripped signature is refused", func(t *testing.T) {
		b := setup(t)
		q := qimenQuery("order.cancel", "md5", "")
		q.Set("sign", signed(q, bodyA, secret, true))
		got, err := b.post(b.QimenURL(), q, bodyA)
		require.NoError(t, err)
		require.Equal(t, "sign-check-failure", *got.Code)
	})
}

func qimenQuery(method, signMethod, sign string) url.Values {
	return url.Values{
		"method": {method}, "app_key": {"testappkey"}, "customerId": {"c-001"},
		"format": {"xml"}, "sign_method": {signMethod},
		"timestamp": {"2024-05-06 07:08:09"}, "v": {"2.0"}, "sign": {sign},
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	resigned := func(name, value string) func(url.Values) {
		return func(q url.Values) {
			q.Set(name, value)
			q.Set("sign", signed(q, bodyA, secret, true))
		}
	}
	for _, c := range []struct {
		name   string
		change func(url.Values)
		code   string
	}{
		{"an unknown sid", resigned("sid", "nobody"), "invalid-account"},
		{"another account's app key", resigned("appkey", "otherappkey"), "invalid-account"},
		{"a missing parameter", func(q url.Values) { q.Del("timestamp") }, "invalid-parameter"},
		{"a parameter given twice", func(q url.Values) { q.Add("sid", "testsid") }, "invalid-parameter"},
		{"json asked for", resigned("format", "json"), "invalid-parameter"},
		{"a method that is not deployed", resigned("method",
			"WDT_WMS_ORDER_PENDING"), "client.protocol.invalid-argument"},
		{"a time that is none", resigned("timestamp", "yesterday"), "invalid-timestamp"},
		{"eleven minutes late", resigned("timestamp", "2024-05-06 06:57:08"), "invalid-timestamp"},
		{"eleven minutes early", resigned("timestamp", "2024-05-06 07:19:10"), "invalid-timestamp"},
		{"the same clock reading in UTC", resigned("timestamp", "2024-05-05 23:08:09"), "invalid-timestamp"},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			b := setup(t)
			q := vectorQuery("12CFDA0D2CA6362F4A2CDD60834C378A")
			c.change(q)
			got, err := b.post(b.URL(), q, bodyA)
			require.NoError(t, err)
			require.Equal(t, 200, got.status)
			require.Equal(t, "failure", got.Flag)
			require.Equal(t, c.code, *got.Code)
			kept, count := b.Rejections()
			require.Equal(t, int64(1), count)
			require.Equal(t, c.code, kept[0].Code)
		})
	}
	t.Run("nine minutes are tolerated, and the tolerance is a setting", func(t *testing.T) {
		b := setup(t)
		b.order("ZZCX000123", warehouse.StateApproved)
		b.clock.pass(9 * time.Minute)
		got, err := b.post(b.URL(), vectorQuery("12CFDA0D2CA6362F4A2CDD60834C378A"), bodyA)
		require.NoError(t, err)
		require.Equal(t, "success", got.Flag)

		require.NoError(t, b.SetPersonality(behaviour.Personality{ClockToleranceSeconds: 60}))
		got, err = b.post(b.URL(), vectorQuery("12CFDA0D2CA6362F4A2CDD60834C378A"), bodyA)
		require.NoError(t, err)
		require.Equal(t, "invalid-timestamp", *got.Code)

		require.NoError(t, b.SetPersonality(behaviour.Personality{ClockToleranceSeconds: -1}))
		b.clock.pass(1000 * time.Hour)
		got, err = b.post(b.URL(), vectorQuery("12CFDA0D2CA6362F4A2CDD60834C378A"), bodyA)
		require.NoError(t, err)
		require.NotEqual(t, "invalid-timestamp", *got.Code)
	})
}
