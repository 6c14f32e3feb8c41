package sandbox

import (
	"strings"
	"unicode/utf8"
)

// Field limits in characters: https://www.yuque.com/huice-wiki/bhxv6e/gzkx6g and siblings.
const (
	maxCode   = 50
	maxReason = 250
)

// cancelRequest is one admitted, well-formed cancel.
type cancelRequest struct {
	dialect   *dialect
	method    string
	key       Key // as asked for; the type may be empty in Qimen
	ownerCode string
	orderID   string
	reason    string
	extend    map[string]string
}

// readCancel applies the dialect's rules to a body.
func (d *dialect) readCancel(method, sid string, body []byte, p *Personality) (cancelRequest, *refusal) {
	if len(body) == 0 {
		return cancelRequest{}, refuse(codeBody, "请求报文不能为空")
	}
	b, err := parseBody(body)
	if err != nil {
		return cancelRequest{}, refuse(codeBody, "请求报文解析失败: %v", err)
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
			return cancelRequest{}, refuse(codeBody, "%s不能为空", f.name)
		}
		if utf8.RuneCountInString(f.value) > f.limit {
			return cancelRequest{}, refuse(codeBody, "%s长度不能超过%d", f.name, f.limit)
		}
	}
	if b.orderType != "" && !d.types[b.orderType] && (b.orderType != "CNJG" || !p.AcceptCNJG) {
		return cancelRequest{}, refuse(codeBody, "orderType不正确: %s", b.orderType)
	}
	req := cancelRequest{
		dialect: d,
		method:  method,
		key:     Key{SID: sid, WarehouseCode: b.warehouseCode, OrderCode: b.orderCode, OrderType: b.orderType},
		reason:  b.cancelReason,
		extend:  b.extendProps,
	}
	if d.ownerFields {
		req.ownerCode, req.orderID = b.ownerCode, b.orderID
	}
	return req, nil
}
