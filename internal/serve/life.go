package serve

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Life is the life of a service once it has started; every service's Server embeds one and so has Wait and Stop.
type Life struct {
	limit time.Duration
	drain func(ctx context.Context) error

	loops    sync.WaitGroup
	stopping chan struct{}
	failed   chan error
	once     sync.Once
	stopped  chan struct{}
	err      error
}

// NewLife begins a life. drain ends it in order: it gets the stopper's context, cut off after limit, and returns once
// everything that the service began has ended, but for what Go runs.
func NewLife(limit time.Duration, drain func(ctx context.Context) error) *Life {
	return &Life{limit: limit, drain: drain, stopping: make(chan struct{}), failed: make(chan error,
		1), stopped: make(chan struct{})}
}

// Go runs a part of the service. One that returns an error ends the service, unless it is stopping anyway.
func (l *Life) Go(part func() error) {
	l.loops.Go(func() {
		if err := part(); err != nil {
			select {
			case l.failed <- err:
			default: // the first fault is the one that matters
			}
		}
	})
}

// Stopping is closed when the service begins to stop.
func (l *Life) Stopping() <-chan struct{} { return l.stopping }

// Limit is how long a stop may take that a signal asked for.
func (l *Life) Limit() time.Duration { return l.limit }

// Wait returns once the service has stopped: nil after a Stop, otherwise the fault that ended it.
func (l *Life) Wait() error {
	select {
	case <-l.stopped:
		return nil
	case err := <-l.failed:
		select {
		case <-l.stopping:
			// Parts that complain of being stopped are no fault.
			<-l.stopped
			return nil
		default:
		}
		return errors.Join(err, l.Stop(context.Background()))
	}
}

// Stop drains: health says NOT_SERVING, nothing new is accepted, what is under way is finished. When ctx ends first, or
// the service's own limit, the rest is cut. Stop returns when everything has ended, and may be called again.
func (l *Life) Stop(ctx context.Context) error {
	l.once.Do(func() {
		defer close(l.stopped)
		close(l.stopping)
		ctx, cancel := context.WithTimeout(ctx, l.limit)
		defer cancel()
		l.err = l.drain(ctx)
		l.loops.Wait()
	})
	<-l.stopped
	return l.err
}

// Service is what a composition root starts.
type Service interface {
	Wait() error
	Stop(ctx context.Context) error
}

// UntilDone waits until ctx ends, then stops the service in order; or until it ends by itself.
func UntilDone(ctx context.Context, service Service) error {
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	return errors.Join(service.Stop(context.WithoutCancel(ctx)), <-ended)
}
