package memory

import (
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Head says which ledger a memory is about.
type Head struct {
	// LedgerID is the id by which hosts remember the ledger: drawn anew when a person confirms, and only then.
	LedgerID string `json:"ledger"`
	// SystemIdentifier and Timeline are Postgres': of the server that it was last met on, and of its history.
	SystemIdentifier int64 `json:"system"`
	Timeline         int32 `json:"timeline"`
}

// Line is an event that a host has seen. What it was is remembered of acts and outcomes only.
type Line struct {
	// Number is that of the event, Kind what happened, and AboutID the act or cancellation. Time is when the
	// transaction began that made the change: with kind and id it tells the event from every other.
	Number  int64            `json:"n"`
	Kind    ledger.EventKind `json:"kind"`
	AboutID int64            `json:"about"`
	Time    time.Time        `json:"time"`
	// Reason is the verb of an act, or the outcome of a cancellation; State is that in which a cancellation ended.
	// ReasonZH is the verb in Chinese.
	Reason   string `json:"reason,omitempty"`
	ReasonZH string `json:"zh,omitempty"`
	State    string `json:"state,omitempty"`
	// Scheme is empty for what concerns several schemes or all.
	Scheme string `json:"scheme,omitempty"`
	// BillNo and Order are those of a cancellation: the order as warehouse, code and type.
	BillNo string `json:"bill,omitempty"`
	Order  string `json:"order,omitempty"`
	// Actor is who acted, and Why the reason that was given.
	Actor string `json:"actor,omitempty"`
	Why   string `json:"why,omitempty"`
}

// told says whether a line is of an act or an outcome, which are shown to people.
func (l Line) told() bool { return l.Kind == ledger.EventAct || l.Kind == ledger.EventSettled }

// same says whether two lines are of one event.
func (l Line) same(o Line) bool {
	return l.Kind == o.Kind && l.AboutID == o.AboutID && l.Time.Equal(o.Time)
}

// Lost is what a host remembers and the ledger does not have.
type Lost struct {
	// Since is when this host found out.
	Since time.Time
	// Newest is the newest event that was seen; HasNewest is the number of the ledger's newest one, and HasTime when
	// that happened, zero where it has none.
	Newest    Line
	HasNewest int64
	HasTime   time.Time
	// AnotherLedger: it is not one that this host knows by its id. AnotherServer and AnotherTimeline: Postgres is
	// another one than before, or has another history.
	AnotherLedger, AnotherServer, AnotherTimeline bool
	// Acts and Outcomes are those of the last seven days that are missing, newest first, at most 500 of each; the
	// counts are of all.
	Acts, Outcomes         []Line
	ActCount, OutcomeCount int64
}
