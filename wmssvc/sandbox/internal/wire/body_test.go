package wire

import (
	"bytes"
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzBody: whatever arrives, reading it neither panics nor loses anything: what was accepted, written out again,
// reads equal.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`<request><warehouseCode>CK001</warehouseCode><orderCode>A&amp;B</orderCode></request>`))
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" +
		"<request><cancelReason><![CDATA[<x>]]></cancelReason></request>"))
	f.Add([]byte(`<!DOCTYPE r [<!ENTITY e "x">]><request><orderCode>&e;</orderCode></request>`))
	f.Add([]byte(`<request><extendProps><a>1</a></extendProps><!-- c ` +
		`--><other><orderCode>x</orderCode></other></request>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseBody(body)
		if err != nil {
			return
		}
		again, err := parseBody(written(got))
		require.NoError(t, err)
		got.extendProps, again.extendProps = nil, nil
		require.Equal(t, got, again)
	})
}

func written(c cancelBody) []byte {
	var b bytes.Buffer
	b.WriteString("<request>")
	for _, field := range [][2]string{
		{"warehouseCode", c.warehouseCode}, {"orderCode", c.orderCode}, {"orderType", c.orderType},
		{"cancelReason", c.cancelReason}, {"ownerCode", c.ownerCode}, {"orderId", c.orderID},
	} {
		b.WriteString("<" + field[0] + ">")
		_ = xml.EscapeText(&b, []byte(field[1]))
		b.WriteString("</" + field[0] + ">")
	}
	b.WriteString("</request>")
	return b.Bytes()
}
