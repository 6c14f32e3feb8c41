package books

import (
	"cmp"
	"slices"
	"time"
)

// Truth is the sandbox's own account of what is and what was, for tests that hold
// somebody else's ledger against it.
type Truth struct {
	At time.Time `json:"at"`
	// LiveNumbers are the numbers held by live bills, with the bill's id.
	LiveNumbers map[string]int64 `json:"live_numbers"`
	// VoidedIDs are the bills that are voided now, ascending.
	VoidedIDs []int64 `json:"voided_ids"`
	// Bills is every bill there ever was, deleted ones too, ascending by id.
	Bills []BillTruth `json:"bills"`
}

// BillTruth is one bill's present and past.
type BillTruth struct {
	BillID         int64     `json:"bill_id"`
	BillNo         string    `json:"bill_no"`
	Form           string    `json:"form,omitempty"`
	AffairType     string    `json:"affair_type,omitempty"`
	DocumentStatus string    `json:"document_status,omitempty"`
	CancelStatus   string    `json:"cancel_status,omitempty"`
	Live           bool      `json:"live"`
	Voided         bool      `json:"voided"`
	Closed         bool      `json:"closed,omitempty"`
	Deleted        bool      `json:"deleted"`
	EverAudited    bool      `json:"ever_audited"`
	AuditedAt      time.Time `json:"audited_at,omitzero"` // last audit
	VoidedAt       time.Time `json:"voided_at,omitzero"`  // last void
	DeletedAt      time.Time `json:"deleted_at,omitzero"`
	Events         []Event   `json:"events"`
}

// Truth is the whole truth at a moment by the server's clock.
func (st *Store) Truth(now time.Time) Truth {
	st.mu.RLock()
	defer st.mu.RUnlock()
	t := Truth{
		At: st.stamp(now), LiveNumbers: map[string]int64{}, VoidedIDs: []int64{},
		Bills: make([]BillTruth, 0, len(st.past)),
	}
	for id := range st.past {
		x := st.truth(id)
		t.Bills = append(t.Bills, x)
		if x.Live {
			t.LiveNumbers[x.BillNo] = id
		}
		if x.Voided {
			t.VoidedIDs = append(t.VoidedIDs, id)
		}
	}
	slices.Sort(t.VoidedIDs)
	slices.SortFunc(t.Bills, func(a, b BillTruth) int { return cmp.Compare(a.BillID, b.BillID) })
	return t
}

// History gives the truth about every bill that has, or had, this number, the
// oldest first.
func (st *Store) History(billNo string) []BillTruth {
	st.mu.RLock()
	defer st.mu.RUnlock()
	found := []BillTruth{}
	for id, h := range st.past {
		if h.BillNo == billNo {
			found = append(found, st.truth(id))
		}
	}
	slices.SortFunc(found, func(a, b BillTruth) int { return cmp.Compare(a.BillID, b.BillID) })
	return found
}

// truth needs the lock.
func (st *Store) truth(id int64) BillTruth {
	h := st.past[id]
	x := BillTruth{
		BillID: id, BillNo: h.BillNo, Deleted: h.Deleted,
		AuditedAt: h.lastAt(ActionAudit), VoidedAt: h.lastAt(ActionVoid), DeletedAt: h.lastAt(ActionDelete),
		Events: slices.Clone(h.Events),
	}
	x.EverAudited = !x.AuditedAt.IsZero()
	if b := st.find(id); b != nil {
		x.AffairType, x.DocumentStatus, x.CancelStatus = b.AffairType, b.DocumentStatus, b.CancelStatus
		x.Form, x.Live, x.Voided, x.Closed = b.Form, b.Live(), b.CancelStatus == Voided, b.CloseStatus == Closed
	}
	return x
}
