package wms

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Vectors computed for this project with two independent implementations; every value is invented. Those of the wdt
// dialect are over the stripped string, the unstripped sums must not come out.
const (
	bodyA = `<request><warehouseCode>CK001</warehouseCode><orderCode>ZZCX000123</orderCode><orderType>` +
		`QTRK</orderType><cancelReason>金蝶作废</cancelReason></request>`
	bodyB = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<request>\r\n  <warehouseCode>CK001</warehouseCode>\r\n" +
		"  <orderCode>ZZCX000123</orderCode>\r\n  <orderType>QTRK</orderType>\r\n" +
		"  <cancelReason>金蝶 作废</cancelReason>\r\n</request>\r\n"
	bodyC = `<request><warehouseCode>CK001</warehouseCode><orderCode>ZZCX000123</orderCode><orderType>` +
		`QTRK</orderType><cancelReason>A&amp;B ` +
		`&lt;x&gt;</cancelReason><extendProps><key1>value1</key1></extendProps></request>`

	stamp = "2024-05-06 07:08:09"
)

func signerFor(t *testing.T, dialect, method, partner string) signer {
	t.Helper()
	d, ok := FindDialect(dialect)
	require.True(t, ok)
	return newSigner(d, method, partner, "testappkey", "testsecret")
}

func TestSignWDT(t *testing.T) {
	t.Parallel()
	s := signerFor(t, "wdt", "md5", "testsid")
	unstripped := s
	unstripped.strips = false
	for _, c := range []struct{ name, body, want, rejected string }{
		{"A plain", bodyA, "12CFDA0D2CA6362F4A2CDD60834C378A", "61667E21A27BC34A46457EFF3D9D1F66"},
		{"B blanks and line ends", bodyB, "97F7DFF2FC77CDE4A0C9E95DAD31B26E", "D27136B922F1026255073B9EF0A4FD53"},
		{"C entities and extendProps", bodyC, "8E5A56402524689E98517FA1E0482F38", "A973F29895C167A396E1DC8D3C396BF9"},
		{"E empty", "", "5B9CD3410E440CB3EE1BB24BF3B5E8D5", "6666A2034456881162C62C9745FB13A6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, s.sign([]byte(stamp), []byte(c.body)))
			require.Equal(t, c.rejected,
				unstripped.sign([]byte(stamp), []byte(c.body)), "the vector itself is what we think it is")
		})
	}
}

func TestSignQimen(t *testing.T) {
	t.Parallel()
	routed := signerFor(t, "qimen", "md5", "c-001")
	require.Equal(t, "BFCD5356DDC4F5A8903D0DBBC83D0769", routed.sign([]byte(stamp), []byte(bodyA)))
	direct := signerFor(t, "qimen-direct", "md5", "c-001")
	require.Equal(t, "05B19B31E9F2B1D6D739F6315FF0AA2B", direct.sign([]byte(stamp), []byte(bodyA)))
}

func TestSignKeyedVariantsLeaveTheSecretOutOfTheString(t *testing.T) {
	t.Parallel()
	md5 := signerFor(t, "qimen", "hmac", "c-001")
	require.Len(t, md5.sign([]byte(stamp), []byte(bodyA)), 32)
	sha := signerFor(t, "qimen", "hmac-sha256", "c-001")
	require.Len(t, sha.sign([]byte(stamp), []byte(bodyA)), 64)
}

func TestQueryInShanghaiTimeWithSecretsMasked(t *testing.T) {
	t.Parallel()
	s := signerFor(t, "wdt", "md5", "testsid")
	// 07:08:09 of the next day in China
	at := time.Date(2024, 5, 5, 18, 8, 9, 0, time.FixedZone("Montevideo", -5*60*60))
	query, masked := s.queries(at, []byte(bodyA))
	require.Equal(t, "appkey=testappkey&format=xml&method=WDT_WMS_ORDER_CANCEL&sid=testsid&sign_method=md5"+
		"&timestamp=2024-05-06%2007%3A08%3A09&sign=12CFDA0D2CA6362F4A2CDD60834C378A", query)
	require.Equal(t, "appkey=***&format=xml&method=WDT_WMS_ORDER_CANCEL&sid=testsid&sign_method=md5"+
		"&timestamp=2024-05-06%2007%3A08%3A09&sign=***", masked)
}

func TestQueryOfQimenHasItsVersionAfterTheTimestamp(t *testing.T) {
	t.Parallel()
	s := signerFor(t, "qimen", "md5", "c-001")
	query, masked := s.queries(time.Date(2024, 5, 6, 7, 8, 9, 0, chinaTime), []byte(bodyA))
	require.Equal(t, "app_key=testappkey&customerId=c-001&format=xml&method=taobao.qimen.order.cancel&sign_method=md5"+
		"&timestamp=2024-05-06%2007%3A08%3A09&v=2.0&sign=BFCD5356DDC4F5A8903D0DBBC83D0769", query)
	require.NotContains(t, masked, "testappkey")
}
