package main

import (
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// spenders are those whose CPU time spent answers.
var spenders = []string{"kingdeesvc", "wmssvc", "orchestrator", "Postgres", "both sandboxes"}

// cost is CPU time of each of the spenders.
type cost []time.Duration

// spent is what each has used since it began.
func (s *stack) spent() cost {
	var all cost
	for _, p := range []*install.Process{s.kingdeesvc, s.wmssvc, s.orchestrator} {
		all = append(all, cpuTime(p.PID()))
	}
	return append(all, familyTime(s.postgres.PID()), cpuTime(s.vendors.cmd.Process.Pid))
}

// since is what each has used since before.
func (s *stack) since(before cost) cost {
	now := s.spent()
	for i := range now {
		now[i] -= before[i]
	}
	return now
}

// add adds another's.
func (c cost) add(other cost) {
	for i := range c {
		c[i] += other[i]
	}
}

// figures prints the cost of one of count things.
func (c cost) figures(b *bench, thing string, count int) {
	text := ""
	for i, d := range c {
		text += fmt.Sprintf(", %s %d", spenders[i], (d / time.Duration(count)).Microseconds())
	}
	b.figure("  CPU for one "+thing+", µs", text[2:], "")
}

// memories prints what each of our services has had resident at most, and fails the run where that is too much.
func (s *stack) memories() {
	for _, p := range s.services() {
		peak, err := peakMemory(p.PID())
		if err != nil {
			s.figure("  peak memory of "+p.Role, err.Error(), "")
			continue
		}
		s.figure("  peak memory of "+p.Role, fmt.Sprintf("%.0f MB", float64(peak)/(1<<20)), "below 200 MB")
		if peak >= memoryLimit {
			s.fail("%s had %.0f MB resident", p.Role, float64(peak)/(1<<20))
		}
	}
}
