package rule_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// kingdee is a bill as Kingdee might keep it, with the habits that its documentation leaves open.
type kingdee struct {
	bill rule.Bill
	now  time.Time

	keepsApprove, keepsCancel, cancelIsDate, noCancelDate bool

	// audits and restores count what a reader may have missed.
	audits, restores int
	moves            int
}

func newKingdee(r *rand.Rand) *kingdee {
	flip := func() bool { return r.IntN(3) == 0 }
	k := &kingdee{now: start, keepsApprove: flip(), keepsCancel: flip(), cancelIsDate: flip(), noCancelDate: flip()}
	k.bill = rule.Bill{ID: 7, Number: "ZZCX000007", Affair: rule.Assembly, DocumentStatus: rule.Created, CancelStatus: rule.NotVoided, CancelIsDate: k.cancelIsDate}
	k.edit()
	return k
}

func (k *kingdee) edit() {
	k.moves++
	k.bill.Products = lines(fmt.Sprintf("WH%d", k.moves%4))
}

// step does one thing that a person may do in the bill's state, some minutes or hours later, and names it.
func (k *kingdee) step(r *rand.Rand) string {
	k.now = k.now.Add(time.Duration(1+r.IntN(600)) * time.Minute)
	k.bill.ModifyTime = k.now
	if k.bill.CancelStatus == rule.Voided {
		k.bill.CancelStatus = rule.NotVoided
		k.restores++
		if !k.keepsCancel {
			k.bill.CancelTime = time.Time{}
		}
		return "restore"
	}
	if k.bill.DocumentStatus == rule.Audited {
		k.bill.DocumentStatus = rule.Reaudit
		if !k.keepsApprove {
			k.bill.ApproveTime = time.Time{}
		}
		return "unaudit"
	}
	switch r.IntN(5) {
	case 0:
		k.edit()
		return "edit"
	case 1:
		k.bill.DocumentStatus = rule.InApproval
		return "submit"
	case 2:
		k.bill.DocumentStatus = rule.Created
		return "withdraw"
	case 3:
		k.bill.DocumentStatus, k.bill.ApproveTime = rule.Audited, k.now
		k.audits++
		return "audit"
	default:
		k.bill.CancelStatus = rule.Voided
		switch {
		case k.noCancelDate:
			k.bill.CancelTime = time.Time{}
		case k.cancelIsDate:
			k.bill.CancelTime = time.Date(k.now.Year(), k.now.Month(), k.now.Day(), 0, 0, 0, 0, k.now.Location())
		default:
			k.bill.CancelTime = k.now
		}
		return "void"
	}
}
