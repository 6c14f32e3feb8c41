package ruletest

import (
	"fmt"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Request is one request that the WMS got for the bill.
type Request struct {
	Warehouse string
	At        time.Time
	// Guessed: nothing that was seen of the bill while it was live said so.
	Guessed bool
}

// Watched are the triggers that the scheme acts on, and how long it waits after an un-audit.
type Watched struct {
	Triggers []rule.Trigger
	Dwell    time.Duration
}

func (w Watched) on(t rule.Trigger) bool { return slices.Contains(w.Triggers, t) }

// Holding is the trigger that holds in truth now; empty for none. Only what was seen live can be un-audited or deleted.
func (k *Kingdee) Holding(w Watched) rule.Trigger {
	state := k.Bill.State()
	seen := slices.ContainsFunc(k.Lives, func(l Life) bool { return l.Seen })
	switch {
	case k.Gone:
		if seen && w.on(rule.TriggerDeleted) {
			return rule.TriggerDeleted
		}
	case state.Live():
	case state.Voided():
		if w.on(rule.TriggerVoided) {
			return rule.TriggerVoided
		}
	case seen && w.on(rule.TriggerUnAudited):
		return rule.TriggerUnAudited
	}
	return ""
}

// Check holds the requests against what happened to the bill, once everything was read and nothing is on its way. told
// are warehouses whose order a person was asked to look for, and late is how long after a bill became live again a
// request may still come, because it was verified before.
func (k *Kingdee) Check(w Watched, requests []Request, told []string, late time.Duration) error {
	if k.Audits == 0 && !k.Submitted && len(requests) > 0 {
		return fmt.Errorf("a bill that was never audited had no order, and %v was cancelled", requests)
	}
	for _, request := range requests {
		if k.LiveFor(request.At) > late {
			return fmt.Errorf("%v was cancelled while the bill was live", request)
		}
		made := slices.ContainsFunc(k.Lives,
			func(l Life) bool { return slices.Contains(l.Warehouses, request.Warehouse) })
		if !request.Guessed && !made {
			return fmt.Errorf("%v was cancelled, and no life of the bill made that order", request)
		}
	}
	if k.Holding(w) == "" || len(k.Lives) == 0 {
		return nil
	}
	last := k.Lives[len(k.Lives)-1]
	if !last.Seen {
		return nil
	}
	for _, warehouse := range last.Warehouses {
		if !slices.Contains(told, warehouse) && !slices.ContainsFunc(requests,
			func(r Request) bool { return r.Warehouse == warehouse && !r.At.Before(last.End) }) {
			return fmt.Errorf("the order in %s was never cancelled", warehouse)
		}
	}
	return nil
}
