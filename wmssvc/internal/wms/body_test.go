package wms

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func writeBody(t *testing.T, o Order) (string, bool) {
	t.Helper()
	body, cut, err := appendBody(nil, o)
	require.NoError(t, err)
	return string(body), cut
}

func TestBodyMatchesTheVectors(t *testing.T) {
	t.Parallel()
	order := Order{WarehouseCode: "CK001", OrderCode: "ZZCX000123", OrderType: "QTRK", CancelReason: "金蝶作废"}
	body, cut := writeBody(t, order)
	require.Equal(t, bodyA, body)
	require.False(t, cut)

	order.CancelReason, order.ExtendProps = "A&B <x>", map[string]string{"key1": "value1"}
	body, _ = writeBody(t, order)
	require.Equal(t, bodyC, body)
}

func TestBodyLeavesOutWhatIsEmptyAndSortsExtendProps(t *testing.T) {
	t.Parallel()
	body, _ := writeBody(t,
		Order{WarehouseCode: "W", OrderCode: "O", OrderType: "QTRK", ExtendProps: map[string]string{}})
	require.Equal(t,
		`<request><warehouseCode>W</warehouseCode><orderCode>O</orderCode><orderType>QTRK</orderType></request>`, body)

	body, _ = writeBody(t, Order{
		WarehouseCode: "W", OrderCode: "O", OrderType: "CNJG", OwnerCode: "HZ", OrderID: "7",
		ExtendProps: map[string]string{"b": "2", "a": "1", "c": ""},
	})
	require.Equal(t, `<request><warehouseCode>W</warehouseCode><ownerCode>HZ</ownerCode><orderCode>O</orderCode>`+
		`<orderId>7</orderId>`+
		`<orderType>CNJG</orderType><extendProps><a>1</a><b>2</b><c></c></extendProps></request>`, body)
}

func TestReasonIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	order := Order{WarehouseCode: "W", OrderCode: "O", OrderType: "QTRK"}
	order.CancelReason = strings.Repeat("作", MaxReason)
	_, cut := writeBody(t, order)
	require.False(t, cut)

	order.CancelReason = strings.Repeat("废😀", MaxReason)
	body, cut := writeBody(t, order)
	require.True(t, cut)
	require.True(t, utf8.ValidString(body))
	require.Contains(t, body, "<cancelReason>"+strings.Repeat("废😀", MaxReason/2)+"</cancelReason>")
}

func TestForbiddenCharactersNameTheirField(t *testing.T) {
	t.Parallel()
	good := Order{WarehouseCode: "W", OrderCode: "O", OrderType: "QTRK"}
	for _, c := range []struct {
		field string
		spoil func(*Order)
	}{
		{"warehouseCode", func(o *Order) { o.WarehouseCode = "W\x00" }},
		{"orderCode", func(o *Order) { o.OrderCode = "\x1bO" }},
		{"cancelReason", func(o *Order) { o.CancelReason = "因\uFFFE" }},
		{"cancelReason", func(o *Order) { o.CancelReason = "broken \xe4\xbd" }},
		{"extendProps.k", func(o *Order) { o.ExtendProps = map[string]string{"k": "\x0b"} }},
	} {
		order := good
		c.spoil(&order)
		_, _, err := appendBody(nil, order)
		var refused *CharacterError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, c.field, refused.Field)
	}
	good.ExtendProps = map[string]string{"no spaces": "x"}
	_, _, err := appendBody(nil, good)
	var name *NameError
	require.ErrorAs(t, err, &name)
}

// FuzzBody holds that a strict parser reads back exactly what went in, or that it was refused.
func FuzzBody(f *testing.F) {
	f.Add("CK001", "ZZCX000123", "金蝶 作废", "key1", "value1")
	f.Add("a&b", "<x>", "]]>\r\n\t\"'", "_", "\r")
	f.Add("", "\x00", "\xff", "1", "\u00a0\u3000\ufffd")
	f.Fuzz(func(t *testing.T, warehouse, code, reason, key, value string) {
		in := Order{
			WarehouseCode: warehouse, OrderCode: code, OrderType: "QTRK",
			CancelReason: reason, ExtendProps: map[string]string{key: value},
		}
		body, cut, err := appendBody(nil, in)
		if err != nil {
			return
		}
		var out struct {
			XMLName   xml.Name `xml:"request"`
			Warehouse string   `xml:"warehouseCode"`
			Code      string   `xml:"orderCode"`
			Type      string   `xml:"orderType"`
			Reason    string   `xml:"cancelReason"`
			Props     struct {
				All []struct {
					XMLName xml.Name
					Text    string `xml:",chardata"`
				} `xml:",any"`
			} `xml:"extendProps"`
		}
		require.NoError(t, xml.Unmarshal(body, &out))
		require.Equal(t, warehouse, out.Warehouse)
		require.Equal(t, code, out.Code)
		require.Equal(t, "QTRK", out.Type)
		if cut {
			require.Equal(t, string([]rune(reason)[:MaxReason]), out.Reason)
		} else {
			require.Equal(t, reason, out.Reason)
			require.LessOrEqual(t, utf8.RuneCountInString(reason), MaxReason)
		}
		require.Len(t, out.Props.All, 1)
		require.Equal(t, key, out.Props.All[0].XMLName.Local)
		require.Equal(t, value, out.Props.All[0].Text)
	})
}
