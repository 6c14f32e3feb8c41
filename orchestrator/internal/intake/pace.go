package intake

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// StreamTimeout is the most that Kingdee's adapter may take for the next frame of a stream. A server may take two
	// minutes for each answer, and a frame of whole bills is some eight of them: a login, a header, and the parts of
	// the bills. Where there is one session, three others may ask before each.
	StreamTimeout = time.Hour
	// leastPatience is what is waited at least: five answers of the slowest server that people work with. A page may be
	// two of them, the second to know that it was the last, and on one session others ask between.
	leastPatience = 10 * time.Minute
	// answersAFrame is how many answers one frame may take.
	answersAFrame = 8
	// forgetHalf is when half of what was seen is forgotten: a server that was slow at night is quick by day.
	forgetHalf = 10 * time.Minute
	// answersAChunk is how many of the slowest answers a chunk of work may take before it leaves, and longestWork is
	// the most that it does.
	answersAChunk = 12
	longestWork   = 12 * time.Minute
)

// Pace is how long Kingdee takes for an answer, as this process sees it: allowances follow it. A nil one has seen
// nothing. Safe for concurrent use.
type Pace struct {
	mu      sync.Mutex
	slowest time.Duration
	at      time.Time
}

// Saw notes what an answer took.
func (p *Pace) Saw(took time.Duration) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); took >= p.faded(now) {
		p.slowest, p.at = took, now
	}
}

// Slowest is the longest that an answer took lately.
func (p *Pace) Slowest() time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faded(time.Now())
}

func (p *Pace) faded(now time.Time) time.Duration {
	return p.slowest >> min(now.Sub(p.at)/forgetHalf, 62)
}

// Patience is how long the next frame of a stream is waited for: 10 to 60 minutes. An adapter that is gone or frozen is
// noticed much earlier, by the connection's keepalive, and one that waits for Kingdee gives up by itself.
func (p *Pace) Patience() time.Duration {
	return min(max(leastPatience, answersAFrame*p.Slowest()), StreamTimeout)
}

// leastWork is how long a chunk reads where Kingdee answers at once.
const leastWork = 20 * time.Second

// WorkFor is how long a chunk of reading goes on before it lets a successor continue: leastWork, and longer where
// that would be spent on what each chunk begins with.
func (p *Pace) WorkFor() time.Duration {
	return max(leastWork, min(answersAChunk*p.Slowest(), longestWork))
}

// wait ends a read whose next frame does not come.
type wait struct {
	pace  *Pace
	limit time.Duration
	timer *time.Timer
	since time.Time
	over  chan struct{}
	once  sync.Once
}

// patient makes a context that ends when a frame is waited for too long.
func (p *Pace) patient(ctx context.Context) (context.Context, *wait, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	w := &wait{pace: p, limit: p.Patience(), since: time.Now(), over: make(chan struct{})}
	w.timer = time.AfterFunc(w.limit, func() {
		w.once.Do(func() { close(w.over) })
		cancel()
	})
	return ctx, w, func() {
		w.timer.Stop()
		cancel()
	}
}

// begin is when a frame is waited for, and end when it has come: what its receiver does with it takes as long as it
// likes.
func (w *wait) begin() {
	w.since = time.Now()
	w.timer.Reset(w.limit)
}

func (w *wait) end() {
	if w.timer.Stop() {
		w.pace.Saw(time.Since(w.since))
	}
}

// fault says what a read came to that was given up. The next one is given longer.
func (w *wait) fault(err error) error {
	select {
	case <-w.over:
	default:
		return err
	}
	w.pace.Saw(w.limit / 2)
	return status.Errorf(codes.DeadlineExceeded, "no answer from Kingdee within %s", w.limit)
}
