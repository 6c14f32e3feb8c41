package ledger

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// The views are what people outside are shown. A zero time is an absent one; texts with a closed list of values carry
// the words that the tables use. Rows are read straight into them, so that a field has the name of its column; `db:"-"`
// is filled in afterwards.

// SchemeView is a scheme with its watermark and its counts.
type SchemeView struct {
	Scheme, Title, FormID, DataCenterID string
	Accounts                            []string
	// State is stopped while a condition that only a person ends keeps it from being read; otherwise running.
	State string
	// Mode is dry_run or send.
	Mode                                      string
	SendSince                                 time.Time
	Revision                                  int32
	IncrementalInterval                       time.Duration
	WatermarkTime, EffectiveFrom, LastRunTime time.Time
	LastRunRows                               int64
	Counts                                    map[string]int64 `db:"-"`
	OpenWorkItems                             int64
	// Conditions are the open ones that the scheme feels, newest first.
	Conditions []ConditionView `db:"-"`
	// Document is the YAML of the revision; read for a single scheme only.
	Document string
}

// ConditionView is one condition as people outside are shown it.
type ConditionView struct {
	ConditionID            int64
	Kind                   rule.ConditionKind
	Scheme, DataCenterID   string
	Account, Trigger, Host string
	Reason, Detail         string
	// Message and Action say what happened and what to do, in Chinese; MessageEN and ActionEN in English.
	Message, Action                        string
	MessageEN                              string `db:"message_en"`
	ActionEN                               string `db:"action_en"`
	BlocksReading, BlocksSending, ByPerson bool
	Since, LastSeen                        time.Time
	Returns                                int32
	ProbeTime, EndTime                     time.Time
	EndReason                              string
}

// Feels says whether a condition is about a scheme, its data centre, one of its accounts, or everything.
func (c ConditionView) Feels(scheme, dataCenter string, accounts []string) bool {
	return (c.Scheme == "" || c.Scheme == scheme) && (c.DataCenterID == "" || c.DataCenterID == dataCenter) &&
		(c.Account == "" || slices.Contains(accounts, c.Account)) && c.Host == ""
}

// ConditionFilter selects conditions; empty parts select all open ones.
type ConditionFilter struct {
	// Scheme selects what that scheme feels: its own, and those of its data centre, its accounts and everything.
	Scheme       string
	IncludeEnded bool
}

// ConditionFigure is an open condition for a gauge.
type ConditionFigure struct {
	Kind                 rule.ConditionKind
	Scheme, DataCenterID string
	Account, Trigger     string
	Host, Reason         string
	// Age is how long it has lasted, in seconds.
	Age float64
}

// WatermarkChangeKey names one change of a scheme's watermark; RunID is 0 for a person's.
type WatermarkChangeKey struct {
	Time  time.Time
	RunID int64
}

// WatermarkChangeView is one change of a watermark. WatermarkBefore is zero for the baseline; Actor and Reason are
// empty for a run.
type WatermarkChangeView struct {
	Key                             WatermarkChangeKey
	WatermarkBefore, WatermarkAfter time.Time
	Actor, Reason                   string
}

// CancellationView is one cancellation as people outside are shown it.
type CancellationView struct {
	CancellationID int64
	Scheme         string
	BillID         int64
	BillNo         string
	Generation     int32
	// Question is its number in the generation, of one that is asked and not owed.
	Question int32
	// OrderKind is the bill's kind and direction, such as Assembly.in.
	OrderKind, WarehouseNumber string
	// WarehouseName is what the newest revision of the scheme calls the warehouse; empty where it does not say.
	WarehouseName string
	rule.Request
	State                                        string
	Triggers                                     []string
	Evidence, OrdersFrom, HoldReason             string
	Disposition, VendorMessage, Outcome          string
	Attempts                                     int32
	DueTime, CreateTime, UpdateTime, OutcomeTime time.Time
	Revision                                     int32
	RunID                                        int64
	// SameOrderAs is the cancellation that is, or was, sent for the same order, with which it stands and ends; 0 where
	// that is this one.
	SameOrderAs int64
}

// AttemptView is one request to the WMS. Request and Reply are text whatever bytes were exchanged; empty when not (or
// no longer) stored.
type AttemptView struct {
	Attempt                                       int32
	IntentTime, SendBefore, SendTime, ResultTime  time.Time
	Disposition                                   string
	Recognised                                    bool
	VendorFlag, VendorCode, VendorMessage, Detail string
	Request, Reply                                string
}

// WorkView is a work item, with what happened and what to do in Chinese.
type WorkView struct {
	WorkItemID            int64
	Scheme, Kind          string
	BillID                int64
	BillNo                string
	CancellationID        int64
	Message, Action       string
	CreateTime, CloseTime time.Time
	CloseReason           string
	// Of an item about a text: how many orders wait for it, how often it came, and when first and last.
	Waiting, Answers    int64
	FirstTime, LastTime time.Time
}

// WorkFilter selects work items; empty parts select all open ones.
type WorkFilter struct {
	Scheme        string
	IncludeClosed bool
}

// BillView is what became of one bill in one scheme, and why.
type BillView struct {
	Scheme                              string
	BillID                              int64
	BillNo, Org, OrgName, BillKind      string
	DocumentStatus, CancelStatus        string
	ModifyTime, ApproveTime, CancelTime time.Time
	ReadTime                            time.Time
	Generation                          int32
	Class                               string
	// VerdictCode is one of the Verdict constants; Verdict is the same in Chinese, Reason a Chinese sentence.
	VerdictCode, Verdict, Reason string
	// AsOf is up to when this is known. ReadingStandsStill: nothing was read since, and Standing says why in Chinese,
	// as Verdict and Reason do before anything else.
	AsOf               time.Time
	ReadingStandsStill bool
	Standing           string
	// Numbers are those of the asked ones that it holds, or held when a cancellation was written; in no order.
	Numbers       []string
	Cancellations []CancellationView `db:"-"`
	Work          []WorkView         `db:"-"`
	History       []HistoryView      `db:"-"`
}

// ReadingView is how old what the ledger knows of a scheme's bills is.
type ReadingView struct {
	Scheme string
	// AsOf is zero before the baseline is complete.
	AsOf             time.Time
	StandsStill      bool
	StandsStillSince time.Time
	// Standing says that it is not known now, and why, in Chinese; StandingEN in English. Empty while reading goes on.
	Standing   string
	StandingEN string `db:"standing_en"`
}

// Unread says whether a bill that the ledger does not have may be there all the same: nothing was read for a while, or
// never.
func (r ReadingView) Unread() bool { return r.StandsStill || r.AsOf.IsZero() }

// HistoryView is one thing that happened to a bill. CancellationID is 0 where it is about the bill.
type HistoryView struct {
	EventTime time.Time
	Event     string
	// EventText and Detail are in Chinese, the others in English.
	EventText, Detail string
	EventTextEN       string `db:"event_text_en"`
	DetailEN          string `db:"detail_en"`
	CancellationID    int64
	Attempt           int32
}

// The verdicts on a bill, as reporting.bill_verdict spells them.
const (
	VerdictCancelled   = "cancelled"
	VerdictInProgress  = "in_progress"
	VerdictNeedsPerson = "needs_person"
	VerdictTooLate     = "too_late"
	VerdictPartly      = "partly_cancelled"
	VerdictNothingOwed = "nothing_owed"
)

// ItemView is one item of a backfill, with what its cancellation came to so far; CancellationState is empty where there
// is none.
type ItemView struct {
	Item, BillID               int64
	BillNo, Class, State       string
	OrderKind, WarehouseNumber string
	rule.Request
	Triggers                       []string
	Evidence                       string
	Generation                     int32
	CancellationID                 int64
	Detail                         string
	CancellationState, Disposition string
	OutcomeTime                    time.Time
}

// SchemeStatus is how a scheme reads and sends.
type SchemeStatus struct {
	Scheme, Mode        string
	IncrementalInterval time.Duration
	AsOf, WatermarkTime time.Time
	StandsStill         bool
	Standing            string
	OpenWorkItems       int64
	StandingEN          string `db:"standing_en"`
	// SendingBlockedBy are the kinds of the open conditions that keep it from sending, the oldest of them since
	// SendingBlockedSince.
	SendingBlockedBy    []string
	SendingBlockedSince time.Time
	// SendSince is zero in dry run, StandsStillSince while reading goes on.
	SendSince, StandsStillSince time.Time
}

// UnsettledCount is how many cancellations of a state have not ended, and since when the oldest has been owed.
type UnsettledCount struct {
	Scheme, State string
	Count         int64
	OldestTime    time.Time
}

// HostView is an orchestrator with its last sign of life.
type HostView struct {
	Host, Version string
	BeatTime      time.Time
	Gone          bool
}
