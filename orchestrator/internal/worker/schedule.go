package worker

import (
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
)

// incrementalSchedule is River's schedule of a scheme's incremental runs; it follows the interval as it is known.
type incrementalSchedule struct {
	registry *intake.Registry
	scheme   string
}

func (p incrementalSchedule) Next(current time.Time) time.Time {
	return current.Add(p.registry.Interval(p.scheme))
}

// rereadSchedule is River's schedule of a scheme's rechecks or reconcile runs: whether one is due, the rows say. It
// asks at least once a minute, so that one whose process was killed is gone on with soon.
type rereadSchedule struct{ interval func() time.Duration }

func (l rereadSchedule) Next(current time.Time) time.Time {
	return current.Add(min(l.interval(), time.Minute))
}
