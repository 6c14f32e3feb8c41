package ledger

import "time"

// Figures are what monitoring asks of one scheme.
type Figures struct {
	Scheme string
	// Counts of cancellations by state.
	Counts        map[string]int64
	OpenWorkItems int64
	Failures      int64
	// DueAge is how long the oldest open cancellation has been due, 0 when none is.
	DueAge time.Duration
	// Read: the baseline is complete; what follows is known only then.
	Read                 bool
	Runs                 int64
	RunAge, WatermarkLag time.Duration
}
