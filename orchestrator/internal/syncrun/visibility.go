package syncrun

import (
	"context"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	// visibilityEvery is the least time between two reads of known bills while all is well. Where Kingdee is slow, it
	// is visibilityAnswers of its answers, and visibilitySeldom at most: on one session they would take as much of it
	// as all that is read for its own sake. An incremental run reads much further back than that.
	visibilityEvery   = time.Minute
	visibilityAnswers = 20
	visibilitySeldom  = 5 * time.Minute
)

// Visibility remembers of each scheme whether known bills were shown when last asked for. Safe for concurrent use.
type Visibility struct {
	mu      sync.Mutex
	schemes map[string]seen
}

// seen is what the last read of known bills came to.
type seen struct {
	at    time.Time
	clear bool
}

// NewVisibility knows of no scheme yet: the first run of each asks.
func NewVisibility() *Visibility { return &Visibility{schemes: map[string]seen{}} }

// due says whether an incremental run is to read known bills: when it found nothing, but at most once a minute, or more
// seldom by Kingdee's slowest answer; and always until one was seen, so that a suspicion, also of a process before this
// one, ends.
func (s *Visibility) due(scheme string, found bool, now time.Time, slowest time.Duration) bool {
	every := min(max(visibilityEvery, visibilityAnswers*slowest), visibilitySeldom)
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.schemes[scheme]
	return !last.clear || !found && now.Sub(last.at) >= every
}

func (s *Visibility) note(scheme string, clear bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schemes[scheme] = seen{now, clear}
}

// checkVisibility is done by an incremental run that found nothing, in the same chunk.
func (c *chunk) checkVisibility(ctx context.Context) error {
	now := c.Now()
	found := c.rows > 0 || c.waiting != nil
	if c.run.Kind != ledger.Incremental ||
		!c.Visibility.due(c.entry.Name, found, now, c.entry.Pace.Slowest()) {
		return nil
	}
	shown, err := intake.AskForKnown(ctx, c.Store, c.reader, c.entry.Name)
	if err != nil {
		return err
	}
	c.Visibility.note(c.entry.Name, shown, now)
	return nil
}
