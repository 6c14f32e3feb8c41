package ledger

import "time"

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
	// MoveWatermark sets how far a scheme has read.
	MoveWatermark Verb = "move_watermark"
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
	WorkKind   string `json:"work_kind,omitempty"`
	HoldReason string `json:"hold_reason,omitempty"`
	// CreatedFrom is inclusive, CreatedTo is not.
	CreatedFrom time.Time `json:"create_time_from,omitzero"`
	CreatedTo   time.Time `json:"create_time_to,omitzero"`
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
	// Outcomes counts by state how what was reclassified goes on. Flags are the flags that the text came with.
	Outcomes map[string]int64 `json:"outcomes,omitempty"`
	Flags    []string         `json:"vendor_flags,omitempty"`
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
}

// ActionFilter selects acts; empty parts select all.
type ActionFilter struct {
	Scheme         string
	CancellationID int64
}
