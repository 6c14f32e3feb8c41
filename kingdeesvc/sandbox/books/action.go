package books

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Action is something done to a bill.
type Action string

// The actions, with the button's name in Kingdee.
const (
	ActionCreate  Action = "create"  // 新增
	ActionSubmit  Action = "submit"  // 提交
	ActionRecall  Action = "recall"  // 撤销, takes a submitted bill back
	ActionAudit   Action = "audit"   // 审核
	ActionUnaudit Action = "unaudit" // 反审核
	ActionEdit    Action = "edit"    // 修改
	ActionVoid    Action = "void"    // 作废
	ActionRestore Action = "restore" // 反作废
	ActionClose   Action = "close"   // 关闭, of a form that knows it
	ActionReopen  Action = "reopen"  // 反关闭
	ActionDelete  Action = "delete"  // 删除
)

// ErrNotFound is a bill that is not there (any more).
var ErrNotFound = errors.New("no such bill")

// ErrNumberTaken is a bill number that another bill holds.
var ErrNumberTaken = errors.New("the bill number is taken")

// FlowError is an action that the bill's state does not allow.
type FlowError struct {
	BillNo string
	Action Action
	Reason string
}

func (e *FlowError) Error() string {
	return fmt.Sprintf("%s bill %s: %s", e.Action, e.BillNo, e.Reason)
}

// Edit is a change of content; what is left zero stays as it is.
type Edit struct {
	Note *string `json:"note,omitempty"`
	// Stock is a warehouse number for all product lines.
	Stock string `json:"stock,omitempty"`
	// ComponentStock is a warehouse number for all component lines.
	ComponentStock string `json:"component_stock,omitempty"`
	// Lines replaces all lines; one with the entry id of a present line keeps it.
	Lines []Line `json:"lines,omitempty"`
	// Extra sets custom fields of the head.
	Extra map[string]string `json:"extra,omitempty"`
}

// refusal gives the reason why a state forbids an action, or "".
func refusal(b *Bill, a Action, rules Rules) string {
	status, voided := b.DocumentStatus, b.CancelStatus == Voided
	in := func(states ...string) bool { return slices.Contains(states, status) }
	switch {
	case voided && a == ActionDelete && rules.DeleteVoided:
		return ""
	case voided && a != ActionRestore:
		return "the bill is voided"
	case (a == ActionClose || a == ActionReopen) && b.CloseStatus == "":
		return "bills of its form are not closed"
	case a == ActionClose && b.CloseStatus == Closed:
		return "the bill is closed"
	case a == ActionReopen && b.CloseStatus != Closed:
		return "only a closed bill can be reopened"
	case a == ActionClose && status != StatusAudited:
		return "only an audited bill can be closed"
	case a == ActionUnaudit && b.CloseStatus == Closed:
		return "a closed bill must be reopened first"
	case a == ActionSubmit && !in(StatusDraft, StatusCreated, StatusReaudit):
		return "only a draft, created or un-audited bill can be submitted"
	case a == ActionRecall && status != StatusApproval:
		return "only a submitted bill can be recalled"
	case a == ActionAudit && status != StatusApproval:
		return "only a submitted bill can be audited"
	case a == ActionUnaudit && status != StatusAudited:
		return "only an audited bill can be un-audited"
	case a == ActionRestore && !voided:
		return "only a voided bill can be restored"
	case (a == ActionVoid || a == ActionDelete || a == ActionEdit) && status == StatusAudited:
		return "an audited bill must be un-audited first"
	case (a == ActionVoid || a == ActionDelete || a == ActionEdit) && status == StatusApproval:
		return "a submitted bill must be recalled first"
	}
	return ""
}

// transition carries an action out on b, which must be a private copy. Creating
// and deleting are the store's business.
func transition(b *Bill, a Action, edit Edit, at time.Time, rules Rules) error {
	if reason := refusal(b, a, rules); reason != "" {
		return &FlowError{b.BillNo, a, reason}
	}
	touch := true
	switch a {
	case ActionSubmit:
		b.DocumentStatus = StatusApproval
	case ActionRecall:
		b.DocumentStatus = StatusCreated
	case ActionAudit:
		b.DocumentStatus, b.ApproveDate = StatusAudited, at
	case ActionUnaudit:
		b.DocumentStatus = StatusReaudit
		if !rules.UnauditKeepsApproveDate {
			b.ApproveDate = time.Time{}
		}
		touch = !rules.UnauditKeepsModifyDate
	case ActionVoid:
		b.CancelStatus, b.CancelDate = Voided, at
		if rules.CancelDateOnly {
			b.CancelDate = Midnight(at)
		}
		touch = !rules.VoidKeepsModifyDate
	case ActionRestore:
		b.CancelStatus, b.CancelDate = NotVoided, time.Time{}
		touch = !rules.VoidKeepsModifyDate
	case ActionClose:
		b.CloseStatus, b.CloseDate = Closed, at
	case ActionReopen:
		b.CloseStatus, b.CloseDate = NotClosed, time.Time{}
	case ActionEdit:
		edit.apply(b)
	}
	if touch {
		b.ModifyDate = at
	}
	return nil
}

func (e Edit) apply(b *Bill) {
	if e.Note != nil {
		b.Note = *e.Note
	}
	if e.Lines != nil {
		b.Lines = cloneLines(e.Lines)
	}
	for i := range b.Lines {
		line := &b.Lines[i]
		if e.Stock != "" {
			line.Stock = e.Stock
		}
		for j := range line.Components {
			if e.ComponentStock != "" {
				line.Components[j].Stock = e.ComponentStock
			}
		}
	}
	if len(e.Extra) > 0 && b.Extra == nil {
		b.Extra = map[string]string{}
	}
	maps.Copy(b.Extra, e.Extra)
}

// Midnight is the beginning of a moment's day, in its own zone.
func Midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}
