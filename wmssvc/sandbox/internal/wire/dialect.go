package wire

import (
	"slices"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// dialect is all that differs between the two protocols spoken here; the code beside it does not know which it serves.
type dialect struct {
	name         string
	path         string
	required     []string                       // query parameters that must be there
	fixed        map[string]string              // query parameters with only one allowed value
	appKey       string                         // what the app key is called
	tenant       func(warehouse.Account) string // what the tenant parameter must say
	tenantParam  string
	cancels      []string        // method names that mean: cancel an order
	prefix       string          // what every text of the WMS begins with
	types        map[string]bool // order types the cancel knows
	typeRequired bool
	anyWarehouse string // a warehouse code that means "not named"; empty: none
	ownerFields  bool   // reads ownerCode and orderId
	expectedSign func(params map[string]string, body []byte, secret warehouse.Secret) []string
}

// wdtDialect is 旺店通WMS itself. Method and parameters: https://www.yuque.com/huice-wiki/bhxv6e/gzkx6g; two working
// clients (maodanltt/kdt, tyiner/erp) send sid as well. One of them leaves empty values out of the signature, the other
// has none, so both readings of an empty value are accepted.
var wdtDialect = dialect{
	name:         "wdt",
	path:         WDTPath,
	required:     []string{"method", "sid", "appkey", "timestamp", "format", "sign_method", "sign"},
	fixed:        map[string]string{"format": "xml", "sign_method": "md5"},
	appKey:       "appkey",
	tenant:       func(a warehouse.Account) string { return a.SID },
	tenantParam:  "sid",
	cancels:      []string{"WDT_WMS_ORDER_CANCEL"},
	prefix:       "旺店通WMS返回：",
	types:        warehouse.WdtTypes(),
	typeRequired: true,
	expectedSign: func(params map[string]string, body []byte, secret warehouse.Secret) []string {
		signs := []string{wdtSign(secret, sortedPairs(params, false), body)}
		if all := sortedPairs(params, true); slices.ContainsFunc(all, func(p signPair) bool { return p.value == "" }) {
			signs = append(signs, wdtSign(secret, all, body))
		}
		return signs
	},
}

// qimenDialect is 奇门's order.cancel as a WMS receives it, directly or through the router. Fields and types:
// https://developer.alibaba.com/docs/api.htm?apiId=26000
var qimenDialect = dialect{
	name:         "qimen",
	path:         QimenPath,
	required:     []string{"method", "timestamp", "format", "app_key", "v", "sign", "sign_method", "customerId"},
	fixed:        map[string]string{"format": "xml", "v": "2.0"},
	appKey:       "app_key",
	tenant:       func(a warehouse.Account) string { return a.CustomerID },
	tenantParam:  "customerId",
	cancels:      []string{"order.cancel", "taobao.qimen.order.cancel"},
	types:        warehouse.QimenTypes(),
	anyWarehouse: "OTHER",
	ownerFields:  true,
	expectedSign: func(params map[string]string, body []byte, secret warehouse.Secret) []string {
		return []string{qimenSign(params["sign_method"], secret, sortedPairs(params, false), body)}
	},
}
