package wms

import (
	"slices"
	"strings"
)

// Dialect is all that differs between the warehouses we can talk to. The code above this table does not know
// which it is.
type Dialect struct {
	// Name is what WMS_DIALECT and the announced Account call it.
	Name string
	// Path is appended to an address that has none.
	Path string

	method string
	// appKey and partner are the query's names for the application key and for the tenant.
	appKey, partner string
	// version is the value of the parameter v; empty leaves it out.
	version string
	// strips says that ASCII space, tab, CR and LF are removed from the string that is signed.
	strips bool
	// owner says that the body knows ownerCode and orderId.
	owner bool
	// signMethods lists the accepted sign_method values, the default first.
	signMethods []string
	orderTypes  []string
}

// The order types which both specifications list for the cancel
// (https://developer.alibaba.com/docs/api.htm?apiId=26000 and the vendor's specification of WDT_WMS_ORDER_CANCEL).
var sharedOrderTypes = []string{
	"JYCK", "HHCK", "BFCK", "PTCK", "DBCK", "B2BCK", "QTCK", "CGTH",
	"SCRK", "CGRK", "DBRK", "QTRK", "B2BRK", "THRK", "HHRK",
}

var dialects = []Dialect{
	{
		Name: "wdt", Path: "/wms_api/wdt_service.php",
		method: "WDT_WMS_ORDER_CANCEL", appKey: "appkey", partner: "sid", strips: true,
		signMethods: []string{"md5"},
		orderTypes:  append(slices.Clone(sharedOrderTypes), "SCCK"),
	},
	qimen("qimen", "taobao.qimen.order.cancel"),
	// Behind the router, and when an ERP talks to a WMS directly, the prefix falls away.
	qimen("qimen-direct", "order.cancel"),
}

func qimen(name, method string) Dialect {
	return Dialect{
		Name: name, Path: "/router/qimen/service",
		method: method, appKey: "app_key", partner: "customerId", version: "2.0", owner: true,
		signMethods: []string{"md5", "hmac", "hmac-sha256"},
		orderTypes:  append(slices.Clone(sharedOrderTypes), "XTRK", "LYRK", "CCRK", "CNJG"),
	}
}

// FindDialect answers the dialect of that name.
func FindDialect(name string) (Dialect, bool) {
	i := slices.IndexFunc(dialects, func(d Dialect) bool { return d.Name == name })
	if i < 0 {
		return Dialect{}, false
	}
	return dialects[i], true
}

// DialectNames lists the dialects for a message to people.
func DialectNames() string {
	names := make([]string, 0, len(dialects))
	for _, d := range dialects {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

// SignMethods lists what sign_method may be, the default first.
func (d Dialect) SignMethods() []string { return slices.Clone(d.signMethods) }

// OrderTypes lists the order types the dialect's cancel documents.
func (d Dialect) OrderTypes() []string { return slices.Clone(d.orderTypes) }
