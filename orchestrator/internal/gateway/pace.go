package gateway

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace is how often one caller may ask, so that none takes what others need: PerSecond in the long run, and Burst at
// once after he was quiet. Zero means 200 and 1000.
type Pace struct {
	PerSecond float64
	Burst     int
}

// The usual pace is far above what a person, a board or a nightly list needs, and below what keeps others waiting.
var usualPace = Pace{PerSecond: 200, Burst: 1000}

// pacer holds each caller to the pace. Where nobody is asked who he is, all are one caller: this machine.
type pacer struct {
	pace Pace

	mu sync.Mutex
	// callers are bounded by those who have a line in the file of callers.
	callers map[string]*rate.Limiter
}

func newPacer(pace Pace) *pacer {
	if pace.PerSecond == 0 {
		pace.PerSecond = usualPace.PerSecond
	}
	if pace.Burst == 0 {
		pace.Burst = usualPace.Burst
	}
	return &pacer{pace: pace, callers: map[string]*rate.Limiter{}}
}

// wait is how long the caller has to wait before his request is taken; zero takes it now.
func (p *pacer) wait(caller string, now time.Time) time.Duration {
	p.mu.Lock()
	limiter := p.callers[caller]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(p.pace.PerSecond), p.pace.Burst)
		p.callers[caller] = limiter
	}
	p.mu.Unlock()
	taken := limiter.ReserveN(now, 1)
	wait := taken.DelayFrom(now)
	if wait > 0 {
		taken.CancelAt(now)
	}
	return wait
}
