package orchestrator

import (
	"errors"
	"fmt"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// gate says whether a scheme may be set to send as it is.
type gate struct{ schemes []*scheme.Scheme }

// CanSend wants a baseline, which tells what is behind the adapters, and a scheme that may run there.
func (g gate) CanSend(standing ledger.Scheme) error {
	if standing.Stopped {
		return fmt.Errorf("the scheme is stopped (%s): resume it first; 方案已停止,请先恢复", standing.StopReason)
	}
	if standing.Watermark == nil {
		return errors.New("the baseline is not complete; 基线尚未完成")
	}
	for _, s := range g.schemes {
		if s.Name == standing.Scheme {
			return s.CheckFor(scheme.Environment(standing.Watermark.Environment))
		}
	}
	return fmt.Errorf("scheme %s is not in the file of this orchestrator; 该方案不在当前方案文件中", standing.Scheme)
}

// timingOf answers how long a scheme waits for what; one that is not in the file waits as a scheme that says nothing.
func timingOf(schemes []*scheme.Scheme) func(string) rule.Timing {
	return func(name string) rule.Timing {
		for _, s := range schemes {
			if s.Name == name {
				return s.Timing()
			}
		}
		return rule.DefaultTiming()
	}
}
