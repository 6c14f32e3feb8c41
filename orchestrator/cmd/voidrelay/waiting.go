package main

import (
	"context"
	"sync/atomic"
)

// waiting tells on the error output every two seconds that a call has not been answered yet, but while a person is
// asked something.
func (sh *shell) waiting(ctx context.Context, server string, do func(context.Context) error) error {
	sh.asking = &atomic.Bool{}
	return newTeller(sh.err).meanwhile(ctx, func() string {
		if sh.asking.Load() {
			return ""
		}
		return "等待 waiting for " + server
	}, do)
}
