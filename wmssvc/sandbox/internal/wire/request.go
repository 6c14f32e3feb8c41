package wire

import (
	"strings"
	"unicode/utf8"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// maxReason is how many characters a reason may have: https://www.yuque.com/huice-wiki/bhxv6e/gzkx6g and siblings.
const maxReason = 250

// readCancel applies the dialect's rules to a body.
func (d *dialect) readCancel(method, sid string, body []byte, p *behaviour.Personality) (warehouse.Request, *refusal) {
	if len(body) == 0 {
		return warehouse.Request{}, refuse(codeBody, "请求报文不能为空")
	}
	b, err := parseBody(body)
	if err != nil {
		return warehouse.Request{}, refuse(codeBody, "请求报文解析失败: %v", err)
	}
	for _, f := range []struct {
		name, value string
		required    bool
		limit       int
	}{
		{"warehouseCode", b.warehouseCode, true, warehouse.MaxCode},
		{"orderCode", b.orderCode, true, warehouse.MaxCode},
		{"orderType", b.orderType, d.typeRequired, warehouse.MaxCode},
		{"cancelReason", b.cancelReason, false, maxReason},
	} {
		if f.required && strings.TrimSpace(f.value) == "" {
			return warehouse.Request{}, refuse(codeBody, "%s不能为空", f.name)
		}
		if utf8.RuneCountInString(f.value) > f.limit {
			return warehouse.Request{}, refuse(codeBody, "%s长度不能超过%d", f.name, f.limit)
		}
	}
	if b.orderType != "" && !d.types[b.orderType] && (b.orderType != "CNJG" || !p.AcceptCNJG) {
		return warehouse.Request{}, refuse(codeBody, "orderType不正确: %s", b.orderType)
	}
	req := warehouse.Request{
		Dialect: d.name, Method: method, Prefix: d.prefix,
		TypeRequired: d.typeRequired, AnyWarehouse: d.anyWarehouse,
		Key:    warehouse.Key{SID: sid, WarehouseCode: b.warehouseCode, OrderCode: b.orderCode, OrderType: b.orderType},
		Reason: b.cancelReason, Extend: b.extendProps,
	}
	if d.ownerFields {
		req.OwnerCode, req.OrderID = b.ownerCode, b.orderID
	}
	return req, nil
}
