package bills

import (
	"context"
	"fmt"
	"runtime/debug"
)

// ahead reads pages while earlier ones are being emitted: while emit has one page, read makes the next and then waits.
// It is never further ahead than that, so that memory does not grow when the receiver is slow; read asks for one thing
// after the other, as a session wants it. When emit fails, read's context ends. ahead returns when both have.
func ahead[T any](
	ctx context.Context, read func(ctx context.Context, emit func(T) error) error, emit func(T) error,
) error {
	reading, leave := context.WithCancel(ctx)
	defer leave()
	pages := make(chan T)
	var readErr error
	var crash any
	go func() {
		defer close(pages)
		defer func() {
			if crash = recover(); crash != nil {
				// raised again where the call's own recovery sees it
				crash = fmt.Sprintf("%v\n%s", crash, debug.Stack())
			}
		}()
		readErr = read(reading, func(page T) error {
			select {
			case pages <- page:
				return nil
			case <-reading.Done():
				return context.Cause(reading)
			}
		})
	}()
	var emitErr error
	for page := range pages {
		if emitErr != nil {
			continue
		}
		if emitErr = emit(page); emitErr != nil {
			leave()
		}
	}
	switch {
	case crash != nil:
		panic(crash)
	case emitErr != nil:
		return emitErr
	}
	return readErr
}
