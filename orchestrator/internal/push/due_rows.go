package push

import (
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// dueRow is a cancellation as the push jobs need it.
type dueRow struct {
	CancellationID int64
	Scheme         string
	Revision       int
	SchemeRevision int
	BillID         int64
	BillNo         string
	OrderID        int64
	rule.Request
	BillKind        string
	Direction       string
	WarehouseNumber string
	Triggers        []string
	Evidence        string
	Question        int
	NotBefore       time.Time
	BillCreated     time.Time
	BillGone        bool
	BillVoidedLast  bool
	VerifiedTime    time.Time
	UnreadSince     time.Time
	Attempt         int
	MaybeLanded     bool
	AnswerLost      bool
	SameDisposition string
	SameCount       int
	SameSince       time.Time
	Rested          time.Duration
	AnswerChanges   int
	UnsentSince     time.Time
	Claimed         bool
	HangsOnUnAudit  bool
	Traceparent     string
}

func (r dueRow) due() ledger.Due {
	return ledger.Due{
		ID: r.CancellationID, Scheme: r.Scheme, Revision: r.Revision, SchemeRevision: r.SchemeRevision,
		BillID: r.BillID, BillNo: r.BillNo, OrderID: r.OrderID, Request: r.Request,
		Order:    rule.Order{BillKind: r.BillKind, Direction: r.Direction, Warehouse: r.WarehouseNumber},
		Triggers: triggersOf(r.Triggers), Evidence: rule.Evidence(r.Evidence), Question: r.Question > 0,
		VerifiedTime: r.VerifiedTime,
		UnreadSince:  r.UnreadSince, Attempt: r.Attempt,
		MaybeLanded: r.MaybeLanded, AnswerLost: r.AnswerLost,
		SameDisposition: rule.Disposition(r.SameDisposition), SameCount: r.SameCount,
		SameSince: r.SameSince, Rested: r.Rested, AnswerChanges: r.AnswerChanges, UnsentSince: r.UnsentSince,
		NotBefore: r.NotBefore, BillCreated: r.BillCreated, BillGone: r.BillGone, BillVoidedLast: r.BillVoidedLast,
		HangsOnUnAudit: r.HangsOnUnAudit, Traceparent: r.Traceparent,
		// When the other bill was read last, this row does not say.
		NeedsRead: r.Claimed || r.HangsOnUnAudit || r.VerifiedTime.Before(r.NotBefore),
	}
}

func triggersOf(words []string) []rule.Trigger {
	triggers := make([]rule.Trigger, len(words))
	for i, w := range words {
		triggers[i] = rule.Trigger(w)
	}
	return triggers
}
