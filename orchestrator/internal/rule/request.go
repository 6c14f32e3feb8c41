package rule

// Request is what the WMS is asked for one order: WDT_WMS_ORDER_CANCEL in our words.
type Request struct {
	Account       string
	WarehouseCode string
	OrderCode     string
	OrderType     string
	// CancelReason is cut at 2000 characters; wmssvc cuts further, at the vendor's limit, and says so.
	CancelReason string
	// OwnerCode is empty where the scheme gives none.
	OwnerCode string
	// ExtendProps leaves out entries that came to nothing; nil when none is left.
	ExtendProps map[string]string
}
