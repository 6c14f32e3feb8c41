package sandbox

import (
	"strings"
	"unicode/utf8"
)

// maxReason is how many characters a reason may have: https://www.yuque.com/huice-wiki/bhxv6e/gzkx6g and siblings.
const maxReason = 250

// readCancel applies the dialect's rules to a body.
func (d *dialect) readCancel(method, sid string, body []byte, p *Personality) (request, *refusal) {
	if len(body) == 0 {
		return request{}, refuse(codeBody, "请求报文不能为空")
	}
	b, err := parseBody(body)
	if err != nil {
		return request{}, refuse(codeBody, "请求报文解析失败: %v", err)
	}
	for _, f := range []struct {
		name, value string
		required    bool
		limit       int
	}{
		{"warehouseCode", b.warehouseCode, true, maxCode},
		{"orderCode", b.orderCode, true, maxCode},
		{"orderType", b.orderType, d.typeRequired, maxCode},
		{"cancelReason", b.cancelReason, false, maxReason},
	} {
		if f.required && strings.TrimSpace(f.value) == "" {
			return request{}, refuse(codeBody, "%s不能为空", f.name)
		}
		if utf8.RuneCountInString(f.value) > f.limit {
			return request{}, refuse(codeBody, "%s长度不能超过%d", f.name, f.limit)
		}
	}
	if b.orderType != "" && !d.types[b.orderType] && (b.orderType != "CNJG" || !p.AcceptCNJG) {
		return request{}, refuse(codeBody, "orderType不正确: %s", b.orderType)
	}
	req := request{
		dialect: d.name, method: method, prefix: d.prefix,
		typeRequired: d.typeRequired, anyWarehouse: d.anyWarehouse,
		key:    Key{SID: sid, WarehouseCode: b.warehouseCode, OrderCode: b.orderCode, OrderType: b.orderType},
		reason: b.cancelReason, extend: b.extendProps,
	}
	if d.ownerFields {
		req.ownerCode, req.orderID = b.ownerCode, b.orderID
	}
	return req, nil
}
