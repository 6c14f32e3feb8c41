package ledger

import "time"

// Figures are what monitoring asks of one scheme.
type Figures struct {
	Scheme string
	// Counts of cancellations by state.
	Counts        map[string]int64
	OpenWorkItems int64
	Failures      int64
	// OldestOpen is how long ago the oldest open cancellation arose, 0 when there is none. What waits for the end of a
	// dwell, or is held, is not among them.
	OldestOpen time.Duration
	// Read: the baseline is complete; what follows is known only then.
	Read                 bool
	Runs                 int64
	RunAge, WatermarkLag time.Duration
}
