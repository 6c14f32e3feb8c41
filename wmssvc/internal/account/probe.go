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

// Probe asks the WMS to cancel a number that cannot exist. Its answer tells whether account, key and signature are
// accepted and which kind of server answers. The request starts, and ends, within the given time.
func (a *Account) Probe(ctx context.Context, within time.Duration) (Result, error) {
	request, err := a.Prepare(probeOrder)
	if err != nil {
		return Result{}, err
	}
	before := a.now().Add(within)
	turn, refused, err := a.turn(ctx, probeOrder.WarehouseCode, before)
	if refused != nil || err != nil {
		return deref(refused), err
	}
	defer a.gate.Leave(turn)
	work, cancel := context.WithTimeout(a.work, within)
	defer cancel()
	line, err := a.way.Load().client.Connect(work)
	if err != nil {
		return a.unreached(request, err), nil
	}
	defer line.Release()
	result := a.exchange(work, line, request, before, nil)
	a.endProof(turn, &result)
	return result, nil
}

// harmless makes the harmless call on this line, within the given time.
func (a *Account) harmless(line *wms.Line, before time.Time) (Result, error) {
	request, err := a.Prepare(probeOrder)
	if err != nil {
		return Result{}, err
	}
	work, cancel := context.WithTimeout(a.work, harmlessWithin)
	defer cancel()
	return a.exchange(work, line, request, before, nil), nil
}

// harmlessWithin bounds the harmless call that goes before a cancel.
const harmlessWithin = 10 * time.Second

// VendorTime is the reply's HTTP Date; zero when it gave none.
func (r *Result) VendorTime() time.Time {
	at, err := http.ParseTime(r.Exchange.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// ClockAhead is how far the server's clock is ahead of ours, if it told.
func (r *Result) ClockAhead() (ahead time.Duration, told bool) {
	at := r.VendorTime()
	if at.IsZero() || r.Exchange.RepliedAt.IsZero() {
		return 0, false
	}
	return at.Sub(r.Exchange.RepliedAt).Round(time.Second), true
}

// clockTold says for people what the clocks show.
func (r *Result) clockTold() string {
	switch ahead, told := r.ClockAhead(); {
	case !told:
		return "the WMS does not accept the time of our requests"
	case ahead < 0:
		return "the WMS's clock is " + ahead.Abs().String() + " behind ours"
	default:
		return "the WMS's clock is " + ahead.String() + " ahead of ours"
	}
}

// Known makes sure, within the given time, that it is known what kind of server this is, by a Probe if none has
// shown it lately.
func (a *Account) Known(ctx context.Context, within time.Duration) {
	if !a.peers.fresh(a.now()) {
		// What it found, or that it found nothing, is in Environment.
		_, _ = a.Probe(ctx, within)
	}
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
