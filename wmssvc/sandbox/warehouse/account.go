package warehouse

// Account is one tenant of the WMS. Each has an order book of its own.
type Account struct {
	SID        string // seller account (卖家账号), sent as sid
	AppKey     string // sent as appkey (WDT) or app_key (Qimen)
	Secret     Secret // never sent
	CustomerID string // sent as customerId in Qimen; empty: the SID
}
