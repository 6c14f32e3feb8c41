package checkup

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
)

const (
	// kingdeeClock is where kingdeesvc's own check warns, wmsClock where wmssvc's does: signatures carry our time.
	kingdeeClock = time.Minute
	wmsClock     = 5 * time.Second
)

// clock is one clock, held against this host's.
type clock struct {
	name  string
	ahead time.Duration
	limit time.Duration
	// ours: it is the clock of one of our own hosts, and the program refuses to work beyond the limit.
	ours bool
}

func (c clock) off() bool { return c.ahead.Abs() > c.limit }

// clocks are all that told their time.
func (r *run) clocks() []clock {
	var all []clock
	if r.database.ahead != nil {
		all = append(all, clock{name: "database", ahead: *r.database.ahead, limit: intake.ClockTolerance})
	}
	host := func(name string, ahead *time.Duration) time.Duration {
		if ahead == nil {
			return 0
		}
		all = append(all, clock{name: name, ahead: *ahead, limit: intake.ClockTolerance, ours: true})
		return *ahead
	}
	adapter := host("kingdeesvc", r.kingdee.hostAhead)
	if ahead := r.kingdee.vendorAhead; ahead != nil {
		all = append(all, clock{name: "kingdee", ahead: *ahead + adapter, limit: kingdeeClock})
	}
	for i, said := range r.wms {
		adapter := time.Duration(0)
		if i == 0 {
			adapter = host("wmssvc", said.hostAhead)
		} else if said.hostAhead != nil {
			adapter = *said.hostAhead
		}
		if said.vendorAhead != nil {
			name := "wms"
			if said.name != "" {
				name += " " + said.name
			}
			all = append(all, clock{name: name, ahead: *said.vendorAhead + adapter, limit: wmsClock})
		}
	}
	return all
}

// clockFindings says how far each clock is from this host's, and which one is odd.
func (r *run) clockFindings() []Finding {
	const id = "clock"
	title := say("时钟", "Clock")
	all := r.clocks()
	if len(all) == 0 {
		return []Finding{skipped(id, title, say("没有别的时钟可比", "there is no other clock to compare with"))}
	}
	odd, advice := oddOne(all)
	findings := make([]Finding, len(all))
	for i, c := range all {
		found := say("比本机快 %s，允许 %s", "%s ahead of this host, at most %s is allowed", rounded(c.ahead), c.limit)
		if c.ahead < 0 {
			found = say("比本机慢 %s，允许 %s", "%s behind this host, at most %s is allowed", rounded(-c.ahead), c.limit)
		}
		switch {
		case !c.off():
			findings[i] = ok(id, title, found)
		case c.ours && odd != "":
			findings[i] = failed(id, title, found, advice)
		default:
			findings[i] = warning(id, title, found, advice)
		}
		findings[i].About = c.name
	}
	return findings
}

// thisHost is the name of our own clock.
const thisHost = "this host"

// oddOne names the clock that all others speak against, and what to do. Where most clocks are off and agree with one
// another, it is this host's.
func oddOne(all []clock) (string, Text) {
	var off []clock
	for _, c := range all {
		if c.off() {
			off = append(off, c)
		}
	}
	if len(off) == 0 {
		return "", Text{}
	}
	if len(off) > 1 && 2*len(off) > len(all) {
		least := slices.MinFunc(off, func(a, b clock) int { return int(a.ahead - b.ahead) })
		most := slices.MaxFunc(off, func(a, b clock) int { return int(a.ahead - b.ahead) })
		if most.ahead-least.ahead <= wmsClock {
			return thisHost, say("其他时钟彼此一致，所以是本机的时钟不对：给本机启用 NTP 对时（timedatectl set-ntp true）",
				"the others agree with one another, so it is this host's clock: set it by NTP (timedatectl set-ntp "+
					"true)")
		}
	}
	names := make([]string, len(off))
	for i, c := range off {
		names[i] = c.name
	}
	list := strings.Join(names, ", ")
	if len(off) == 1 && len(all) > 1 {
		return list, say("其他时钟与本机一致，所以是 %s 的时钟不对：给那台机器启用 NTP 对时，厂商的请通知其管理员",
			"the others agree with this host, so it is the clock of %s: set it by NTP, or tell the vendor's "+
				"administrator", list)
	}
	return list, say("%s 与本机不一致：所有机器都启用 NTP 对时", "%s differ from this host: set all of them by NTP", list)
}

// aheadOf is one told time less another, nil where one is missing.
func aheadOf(theirs, ours *timestamppb.Timestamp) *time.Duration {
	if theirs == nil || ours == nil {
		return nil
	}
	ahead := theirs.AsTime().Sub(ours.AsTime())
	return &ahead
}

// aheadOfUs is a time that was told a moment ago less ours.
func aheadOfUs(theirs *timestamppb.Timestamp) *time.Duration {
	if theirs == nil {
		return nil
	}
	ahead := time.Until(theirs.AsTime())
	return &ahead
}
