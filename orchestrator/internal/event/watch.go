package event

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxWatches is how many watch at once in one process, at most: each reads for itself.
const MaxWatches = 200

// TooManyError refuses a watch more than MaxWatches.
type TooManyError struct{}

func (*TooManyError) Error() string {
	return fmt.Sprintf("this orchestrator serves %d watches already (监听连接过多)", MaxWatches)
}

// Watch reads on from a token, page after page, until ctx ends or send fails; behind the newest event where it is nil.
// The first page comes at once, and where there was nothing to send for as long as beat, an empty one. It holds one
// page at a time, and reads the next when that is sent. A token behind which events are missing is a *StaleError, also
// when they go missing meanwhile. The end of ctx is no error.
func (r *Reader) Watch(ctx context.Context, from *Token, f Filter, beat time.Duration, send func(Page) error) error {
	defer r.watches.Add(-1)
	if r.watches.Add(1) > MaxWatches {
		return &TooManyError{}
	}
	err := r.watch(ctx, from, f, beat, send)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (r *Reader) watch(ctx context.Context, from *Token, f Filter, beat time.Duration, send func(Page) error) error {
	if from == nil {
		identity, err := r.Identity(ctx)
		if err != nil {
			return err
		}
		now := Newest(identity)
		from = &now
	}
	var sent time.Time
	for {
		page, err := r.Next(ctx, *from, f)
		if err != nil {
			return err
		}
		from = &page.Through
		if len(page.Events) > 0 || time.Since(sent) >= beat {
			if err := send(page); err != nil {
				return err
			}
			sent = time.Now()
		}
		if page.More {
			continue
		}
		quiet, cancel := context.WithDeadline(ctx, sent.Add(beat))
		err = r.news.wait(quiet, *from)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}
