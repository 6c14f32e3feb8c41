package scheme

import "regexp"

// orderTypes are the order types that WDT_WMS_ORDER_CANCEL takes by the vendor's own specification
// (https://www.yuque.com/huice-wiki/bhxv6e). The Qimen protocol lists more for the same call, CNJG 仓内加工单 among them
// (https://developer.alibaba.com/docs/api.htm?apiId=26000): a tenant that uses one lists it under extra_order_types.
var orderTypes = []string{
	"JYCK", "HHCK", "BFCK", "PTCK", "DBCK", "B2BCK", "QTCK", "CGTH", "SCCK",
	"SCRK", "CGRK", "DBRK", "QTRK", "B2BRK", "THRK", "HHRK",
}

var (
	// orderTypeForm is what any order type looks like.
	orderTypeForm = regexp.MustCompile(`^[A-Z0-9]{2,20}$`)
	// bareWord is an order type given as such, not as an expression.
	bareWord = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
)
