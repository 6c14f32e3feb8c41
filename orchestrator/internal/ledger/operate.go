package ledger

import (
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Verb is what a person does.
type Verb string

// The verbs, as they are recorded.
const (
	// SetMode sets a scheme to send, or to dry run.
	SetMode Verb = "set_mode"
	// Pause stops sending for a scheme, and Resume ends that, or lets a stopped scheme read again.
	Pause  Verb = "pause"
	Resume Verb = "resume"
	// StopAll stops sending for all schemes, and ResumeAll ends that.
	StopAll   Verb = "stop_all"
	ResumeAll Verb = "resume_all"
	// ConfirmLedger lets a ledger that went back count as it is.
	ConfirmLedger Verb = "confirm_ledger"
	// MoveWatermark sets how far a scheme has read.
	MoveWatermark Verb = "move_watermark"
	// ApplyScheme makes what a file says the newest revision of a scheme; RetireScheme ends a scheme.
	ApplyScheme  Verb = "apply_scheme"
	RetireScheme Verb = "retire_scheme"
	// SaveDraft saves a draft of a scheme, and DiscardDraft discards one; neither changes the scheme.
	SaveDraft    Verb = "save_draft"
	DiscardDraft Verb = "discard_draft"
	// ChangeCallers is how a host met a change of its file of callers.
	ChangeCallers Verb = "change_callers"
	// StartRun asks for an incremental run, a recheck or a reconcile run.
	StartRun Verb = "start_run"
	// StartBackfill begins a backfill, ApplyBackfill carries out its plan, CancelBackfill ends it.
	StartBackfill  Verb = "start_backfill"
	ApplyBackfill  Verb = "apply_backfill"
	CancelBackfill Verb = "cancel_backfill"
	// Retry asks the WMS again.
	Retry Verb = "retry"
	// Ignore leaves the order as it is.
	Ignore Verb = "ignore"
	// MarkDone says that the order is cancelled.
	MarkDone Verb = "mark_done"
	// ReleaseHeld lets held ones go.
	ReleaseHeld Verb = "release"
	// Reclassify says what an answer text means.
	Reclassify Verb = "reclassify"
	// CloseWork closes work items.
	CloseWork Verb = "close_work"
)

// CancellationFilter selects cancellations, for lists and for acts: by id, or by what they have in common. Empty parts
// select all.
type CancellationFilter struct {
	Scheme string `json:"scheme,omitempty"`
	// IDs stand alone, but for the scheme.
	IDs    []int64  `json:"cancellation_ids,omitempty"`
	States []string `json:"states,omitempty"`
	BillNo string   `json:"bill_no,omitempty"`
	// WarehouseCode and Account are the WMS's.
	WarehouseCode string `json:"warehouse_code,omitempty"`
	Account       string `json:"account,omitempty"`
	// The last answer came to Disposition, and carried this text and this code.
	Disposition   string `json:"disposition,omitempty"`
	VendorMessage string `json:"vendor_message,omitempty"`
	VendorCode    string `json:"vendor_code,omitempty"`
	// WorkKind is the kind of an open work item about it.
	WorkKind string `json:"work_kind,omitempty"`
	// WorkItemID is a work item: its cancellation, or those that wait for its text.
	WorkItemID int64  `json:"work_item_id,omitempty"`
	HoldReason string `json:"hold_reason,omitempty"`
	// OrderKind is the bill's kind and direction, such as Assembly.in.
	OrderKind string `json:"order_kind,omitempty"`
	// WarehouseNumber and StockOrgNumber are Kingdee's: the latter is the bill's, as it was read last.
	WarehouseNumber string `json:"warehouse_number,omitempty"`
	StockOrgNumber  string `json:"stock_org_number,omitempty"`
	// Text is a part of the last answer's text, or of the reason that is sent to the WMS, in whatever case.
	Text string `json:"text,omitempty"`
	// From is inclusive, To is not. Only what has an outcome has the time of one.
	CreatedFrom time.Time `json:"create_time_from,omitzero"`
	CreatedTo   time.Time `json:"create_time_to,omitzero"`
	UpdatedFrom time.Time `json:"update_time_from,omitzero"`
	UpdatedTo   time.Time `json:"update_time_to,omitzero"`
	OutcomeFrom time.Time `json:"outcome_time_from,omitzero"`
	OutcomeTo   time.Time `json:"outcome_time_to,omitzero"`
}

// CancellationOrder is what a list of cancellations is sorted by.
type CancellationOrder int

// The orders of a list. UpdateTime is that in which they changed last, the one of long ago first.
const (
	Newest CancellationOrder = iota
	Oldest
	UpdateTime
)

// CancellationPage is a page of a list of cancellations.
type CancellationPage struct {
	Order CancellationOrder
	// After is the last one of the page before, AfterTime its update time where that is the order; 0 = the first page.
	After     int64
	AfterTime time.Time
	// Through ends a list by update time: what changed then or later is not in it.
	Through time.Time
	Limit   int
}

// Bounds keep an act from touching more, or something else, than its caller thinks.
type Bounds struct {
	// DryRun counts only.
	DryRun bool
	// More than Max is a CapError.
	Max int64
	// Token, when set, is the Effect.Token of a dry run: anything else than it stands for is a ChangedError.
	Token string
}

// Refusal says in Chinese why an act does not apply to one cancellation or work item.
type Refusal struct {
	CancellationID int64  `json:"cancellation_id,omitempty"`
	WorkItemID     int64  `json:"work_item_id,omitempty"`
	BillNo         string `json:"bill_no,omitempty"`
	Message        string `json:"message"`
}

// Listed is how many ids and refusals an Effect lists at most.
const Listed = 100

// Effect is what an act came to, or with DryRun would.
type Effect struct {
	Count        int64     `json:"count"`
	IDs          []int64   `json:"cancellation_ids,omitempty"`
	Refused      []Refusal `json:"refused,omitempty"`
	RefusedCount int64     `json:"refused_count,omitempty"`
	DryRun       bool      `json:"-"`
	// Token of a dry run stands for what it counted: which cancellations, in which state, after how many attempts.
	Token string `json:"-"`
	// Outcomes counts by state how what was reclassified goes on, and Text is what was.
	Outcomes map[string]int64 `json:"outcomes,omitempty"`
	Text     *AnswerText      `json:"text,omitempty"`
}

// AnswerText is a text of the WMS that its adapter does not know.
type AnswerText struct {
	TextID int64 `json:"text_id"`
	// Success: it came with a success. The same text of a failure is another one.
	Success bool `json:"success"`
	// Text is as the adapter compares texts, with # where the order's own facts stood; Example as it came first.
	Text    string `json:"text"`
	Example string `json:"example"`
	// Disposition is what a person said that it means, with who and why; empty when nobody has.
	Disposition  rule.Disposition `json:"disposition,omitempty"`
	ClassifiedBy string           `json:"classified_by,omitempty"`
	Reason       string           `json:"reason,omitempty"`
}

// TextChoice names a text that the adapter does not know, by its work item or by itself.
type TextChoice struct {
	WorkItemID int64 `json:"work_item_id,omitempty"`
	// Text is as it is compared, or as an answer has it.
	Text string `json:"text,omitempty"`
	// InsteadOf is what was said of it before, where something else is said now.
	InsteadOf rule.Disposition `json:"instead_of,omitempty"`
}

// TextFault says why a text cannot be classified so.
type TextFault string

// What may be wrong with a classification.
const (
	// TextNotMet: there is no such text, or the work item is about none.
	TextNotMet TextFault = "not_met"
	// TextTwice: it came with a success and with a failure.
	TextTwice TextFault = "twice"
	// TextFailed: it is the text of a failure, which is never a fresh cancel.
	TextFailed TextFault = "failed"
	// TextClassified: a person has said something else before.
	TextClassified TextFault = "classified"
)

// TextError refuses a classification. Field is the one to correct, Text the text as far as it is known.
type TextError struct {
	Fault TextFault
	Field string
	Text  AnswerText
}

func (e *TextError) Error() string {
	switch e.Fault {
	case TextNotMet:
		return "no answer with this text is waiting or was met (没有这样的答复)"
	case TextTwice:
		return "this text came with a success and with a failure: name its work item (该答复有成功也有失败，请用待办号)"
	case TextFailed:
		return "a failure is never a fresh cancel; if the order is cancelled say already_cancelled " +
			"(答复标志为失败，不能当作取消成功；若该单已取消，请用 already_cancelled)"
	}
	return fmt.Sprintf("%s has said that it means %s (%s); to say otherwise name that as instead_of (已归类为 %s)",
		e.Text.ClassifiedBy, e.Text.Disposition, e.Text.Reason, e.Text.Disposition)
}

// Refuse adds a refusal, which is counted, and listed while the list is short.
func (e *Effect) Refuse(r Refusal) {
	e.RefusedCount++
	if len(e.Refused) < Listed {
		e.Refused = append(e.Refused, r)
	}
}

// ActionView is an act as it is shown.
type ActionView struct {
	ActionID                    int64
	Actor, Verb, Scheme, Reason string
	// Parameters and Result are JSON.
	Parameters, Result string
	CreateTime         time.Time
	// RequestID is the caller's own name for the call, or empty. Count is as a Deed's.
	RequestID string
	Count     int64
}

// ActionFilter selects acts; empty parts select all.
type ActionFilter struct {
	Scheme         string
	CancellationID int64
	// RequestID and Actor are the caller's own name for the call, and who he is.
	RequestID, Actor string
}

// CallView is a call that changed something under an id that its caller gave it. Reply is the message that it was
// answered by, as it was sent; empty, like Method, once that is no longer kept.
type CallView struct {
	Caller, Method, RequestID string
	ReplyTime                 time.Time
	Reply                     []byte
	Actions                   []ActionView `db:"-"`
}
