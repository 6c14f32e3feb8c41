package orchestrator

import (
	"errors"
	"fmt"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// gate says whether a scheme may be set to send as it is.
type gate struct{ schemes *intake.Registry }

// CanSend wants a baseline, which tells what is behind the adapters, and a scheme that may run there.
func (g gate) CanSend(standing ledger.Scheme) error {
	if standing.Stopped {
		return fmt.Errorf("the scheme is stopped (%s): resume it first; 方案已停止,请先恢复", standing.StopReason)
	}
	if standing.Watermark == nil {
		return errors.New("the baseline is not complete; 基线尚未完成")
	}
	if e, loaded := g.schemes.Entry(standing.Scheme); loaded {
		return e.CheckFor(scheme.Environment(standing.Watermark.Environment))
	}
	return fmt.Errorf("scheme %s is retired; 该方案已停用", standing.Scheme)
}

// timingOf answers how long a scheme waits for what; one that is retired waits as a scheme that says nothing.
func timingOf(schemes *intake.Registry) func(string) rule.Timing {
	return func(name string) rule.Timing {
		if e, loaded := schemes.Entry(name); loaded {
			return e.Timing()
		}
		return rule.DefaultTiming()
	}
}
