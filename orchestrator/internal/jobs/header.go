package jobs

import (
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// clockTolerance is how far the hosts' clocks may differ: send_before is set by one and read by another.
const clockTolerance = 2 * time.Second

// dataCentre is what a stream's header says of where it reads.
type dataCentre struct {
	dataCenter  string
	environment scheme.Environment
	zone        string
	offset      time.Duration
	// zoneSuspect: the login reports another zone than the one that times are read in.
	zoneSuspect bool
	clock       rule.Clock
}

// checkHeader reads a stream's first frame. It refuses a header of other books than the scheme's: those stop the scheme
// before anything is read.
func checkHeader(h *kingdeev1.StreamHeader, e entry, watermark *ledger.Watermark, now time.Time) (dataCentre, error) {
	if h.GetAccount() == nil || h.GetServiceTime() == nil {
		return dataCentre{}, fmt.Errorf("kingdee adapter sent no header")
	}
	a := dataCentre{
		dataCenter: h.GetAccount().GetDataCenterId(), zone: h.GetAccount().GetTimeZone(),
		offset: time.Duration(h.GetAccount().GetUtcOffsetSeconds()) * time.Second,
		clock:  rule.Clock{Vendor: timeOf(h.GetVendorTime()), Service: timeOf(h.GetServiceTime()), Note: h.GetVendorTimeNote()},
	}
	if login := h.GetAccount().LoginUtcOffsetSeconds; login != nil && *login != h.GetAccount().GetUtcOffsetSeconds() {
		a.zoneSuspect = true
	}
	switch h.GetAccount().GetEnvironment() {
	case kingdeev1.Environment_ENVIRONMENT_REAL:
		a.environment = scheme.Real
	case kingdeev1.Environment_ENVIRONMENT_SANDBOX:
		a.environment = scheme.Sandbox
	default:
		return dataCentre{}, fmt.Errorf("kingdee adapter does not say whether its server is real or a sandbox")
	}
	if apart := a.clock.Service.Sub(now).Abs(); apart > clockTolerance {
		return dataCentre{}, fmt.Errorf("the clocks of orchestrator and kingdeesvc are %s apart; at most %s is allowed", apart.Round(time.Millisecond), clockTolerance)
	}
	if a.dataCenter != e.DataCenter {
		return dataCentre{}, &stopError{stopDataCenter, fmt.Sprintf("the scheme reads data centre %s, the login is to %s", e.DataCenter, a.dataCenter)}
	}
	if watermark != nil && watermark.Environment != string(a.environment) {
		return dataCentre{}, &stopError{stopEnvironment, fmt.Sprintf("the watermark was made on a %s server, this one is %s", watermark.Environment, a.environment)}
	}
	if watermark != nil && !sameZone(watermark.TimeZone, a, now) {
		return dataCentre{}, &stopError{stopZone, fmt.Sprintf("times were read in %s so far, now in %s", watermark.TimeZone, a.zone)}
	}
	if err := e.CheckFor(a.environment); err != nil {
		return dataCentre{}, &stopError{stopNotAllowed, err.Error()}
	}
	return a, nil
}

// sameZone says whether times are read as they were before. In another zone every stamp that the ledger knows would
// differ by hours: bills would begin new lives, and the watermark would no longer be where the server's texts say. Two
// names of one clock are no difference.
func sameZone(before string, a dataCentre, now time.Time) bool {
	if before == "" || before == a.zone {
		return true
	}
	zone, err := time.LoadLocation(before)
	if err != nil {
		return false
	}
	_, offset := now.In(zone).Zone()
	return time.Duration(offset)*time.Second == a.offset
}
