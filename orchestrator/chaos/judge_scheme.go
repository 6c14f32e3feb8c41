package main

import (
	"slices"
	"strings"
)

// revisions asks whether the ledger works by what was applied last, and whether a person made each of its revisions:
// rule 17 (docs/rules.md).
func (v *findings) revisions(e *evidence) {
	for i, r := range e.revisions {
		if i > 0 && !strings.HasPrefix(r.Reason, applyReason) {
			v.find(wrong, "", "revision %d of the scheme was made by %s (%s), and nobody applied it", r.Revision,
				r.Actor, r.Reason)
		}
	}
	if len(e.revisions) == 0 {
		return
	}
	newest := e.revisions[len(e.revisions)-1]
	for _, stock := range stocks {
		if !strings.Contains(newest.Document, stock) {
			v.find(wrong, "", "the ledger works by revision %d of the scheme, which lacks warehouse %s: what was "+
				"applied at last has it", newest.Revision, stock)
		}
	}
}

// waitsFor is the first bill that waits for the warehouse; zero if none does.
func (e *evidence) waitsFor(stock string) waitingBill {
	i := slices.IndexFunc(e.waiting, func(b waitingBill) bool { return b.Warehouse == stock })
	if i < 0 {
		return waitingBill{}
	}
	return e.waiting[i]
}
