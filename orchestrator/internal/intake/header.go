package intake

import (
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// ClockTolerance is how far the hosts' clocks may differ: send_before is set by one and read by another.
const ClockTolerance = 2 * time.Second

// DataCentre is what a stream's header says of where it reads.
type DataCentre struct {
	ID          string
	Environment scheme.Environment
	Zone        string
	Offset      time.Duration
	// ZoneSuspect: the login reports another zone than the one that times are read in.
	ZoneSuspect bool
	Clock       rule.Clock
}

// checkHeader reads a stream's first frame. It refuses a header of other books than the scheme's: those stop the scheme
// before anything is read.
func checkHeader(h *kingdeev1.StreamHeader, e Entry, watermark *ledger.Watermark, now time.Time) (DataCentre, error) {
	if h.GetAccount() == nil || h.GetServiceTime() == nil {
		return DataCentre{}, fmt.Errorf("kingdee adapter sent no header")
	}
	a := DataCentre{
		ID: h.GetAccount().GetDataCenterId(), Zone: h.GetAccount().GetTimeZone(),
		Offset: time.Duration(h.GetAccount().GetUtcOffsetSeconds()) * time.Second,
		Clock: rule.Clock{Vendor: TimeOf(h.GetVendorTime()), Service: TimeOf(h.GetServiceTime()),
			Note: h.GetVendorTimeNote()},
	}
	if login := h.GetAccount().LoginUtcOffsetSeconds; login != nil && *login != h.GetAccount().GetUtcOffsetSeconds() {
		a.ZoneSuspect = true
	}
	switch h.GetAccount().GetEnvironment() {
	case kingdeev1.Environment_ENVIRONMENT_REAL:
		a.Environment = scheme.Real
	case kingdeev1.Environment_ENVIRONMENT_SANDBOX:
		a.Environment = scheme.Sandbox
	default:
		return DataCentre{}, fmt.Errorf("kingdee adapter does not say whether its server is real or a sandbox")
	}
	if apart := a.Clock.Service.Sub(now).Abs(); apart > ClockTolerance {
		return DataCentre{}, fmt.Errorf("the clocks of orchestrator and kingdeesvc are %s apart; at most %s is allowed",
			apart.Round(time.Millisecond), ClockTolerance)
	}
	if a.ID != e.DataCenter {
		return DataCentre{}, &StopError{Reason: rule.StopDataCenter,
			Detail: fmt.Sprintf("the scheme reads data centre %s, the login is to %s", e.DataCenter, a.ID)}
	}
	if watermark != nil && watermark.Environment != string(a.Environment) {
		return DataCentre{}, &StopError{Reason: rule.StopEnvironment,
			Detail: fmt.Sprintf("the watermark was made on a %s server, this one is %s",
				watermark.Environment, a.Environment)}
	}
	if watermark != nil && !sameZone(watermark.TimeZone, a, now) {
		return DataCentre{}, &StopError{Reason: rule.StopZone,
			Detail: fmt.Sprintf("times were read in %s so far, now in %s", watermark.TimeZone, a.Zone)}
	}
	if err := e.CheckFor(a.Environment); err != nil {
		return DataCentre{}, &StopError{Reason: rule.StopNotAllowed, Detail: err.Error()}
	}
	return a, nil
}

// sameZone says whether times are read as they were before. In another zone every stamp that the ledger knows would
// differ by hours: bills would begin new lives, and the watermark would no longer be where the server's texts say. Two
// names of one clock are no difference.
func sameZone(before string, a DataCentre, now time.Time) bool {
	if before == "" || before == a.Zone {
		return true
	}
	zone, err := time.LoadLocation(before)
	if err != nil {
		return false
	}
	_, offset := now.In(zone).Zone()
	return time.Duration(offset)*time.Second == a.Offset
}
