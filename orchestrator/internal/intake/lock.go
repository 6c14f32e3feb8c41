package intake

import (
	"context"
	"time"
)

// lockWithin is how long a successor waits for the lock of the chunk before it, which inserted it and then let go.
const lockWithin = 2 * time.Second

// LockFor takes a lock. Work that somebody else is at needs no second one; a successor that came too soon would be
// missed.
func LockFor(
	ctx context.Context, follows bool, try func() (unlock func(), ours bool, err error),
) (unlock func(), ours bool, err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(lockWithin); ; {
		unlock, ours, err = try()
		if err != nil || ours || !follows || time.Now().After(until) {
			return unlock, ours, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}
