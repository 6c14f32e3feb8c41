package ledger

import "time"

// Retention says how long what may be removed is kept.
type Retention struct {
	// Evidence of attempts: masked requests and raw replies.
	Evidence time.Duration
	// Bills that were never live and owe nothing, and snapshots of lives that were followed by another.
	Bills time.Duration
}
