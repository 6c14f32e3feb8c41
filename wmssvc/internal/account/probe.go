package account

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// probeOrder is the harmless call's order: a number that no ERP would give, in a warehouse that no WMS has.
var probeOrder = wms.Order{
	WarehouseCode: "VOIDRELAY-CHECK", OrderCode: "VOIDRELAY-CHECK-0", OrderType: "QTRK",
	CancelReason: "voidrelay connection check",
}

// Probe asks the WMS to cancel a number that cannot exist. Its answer tells whether account, key and signature are accepted
// and which kind of server answers. The request starts, and ends, within the given time.
func (a *Account) Probe(ctx context.Context, within time.Duration) (Result, error) {
	request, err := a.Prepare(probeOrder)
	if err != nil {
		return Result{}, err
	}
	work, cancel := context.WithTimeout(a.work, within)
	defer cancel()
	return a.send(ctx, work, probeOrder.WarehouseCode, request, a.now().Add(within))
}

// VendorTime is the reply's HTTP Date; zero when it gave none.
func (r *Result) VendorTime() time.Time {
	at, err := http.ParseTime(r.Exchange.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// Known makes sure, within the given time, that it is known what kind of server this is, by a Probe if need be.
func (a *Account) Known(ctx context.Context, within time.Duration) Environment {
	if a.Environment() == EnvironmentUnknown {
		// What it found, or that it found nothing, is in Environment.
		_, _ = a.Probe(ctx, within)
	}
	return a.Environment()
}

// The dictionary's names for what the harmless call must tell apart from a refusal of the order.
var (
	interfaceEntries = []string{"interface", "interface-words"}
	formEntries      = []string{"argument", "sandbox-request", "platform-form", "platform-argument"}
)

// InterfaceMissing says that the server answered and has no cancel interface, or none for this account.
func (r *Result) InterfaceMissing() bool { return slices.Contains(interfaceEntries, r.Entry) }

// FormRefused says that the server did not accept the request's form, so that nothing is known of the account.
func (r *Result) FormRefused() bool { return slices.Contains(formEntries, r.Entry) }
