package books

import "time"

// Event is one thing that happened to a bill.
type Event struct {
	Seq            int64     `json:"seq"`
	At             time.Time `json:"at"`
	Action         Action    `json:"action"`
	DocumentStatus string    `json:"document_status"`
	CancelStatus   string    `json:"cancel_status"`
	Remark         string    `json:"remark,omitempty"`
	// Orders are the bill's orders as they were at an audit.
	Orders []Order `json:"orders,omitempty"`
}

// History is all that happened to one bill, in order. It outlives the bill.
type History struct {
	BillID  int64   `json:"bill_id"`
	BillNo  string  `json:"bill_no"`
	Deleted bool    `json:"deleted,omitempty"`
	Events  []Event `json:"events"`
}

// lastAt is when an action was last carried out; zero if never.
func (h *History) lastAt(a Action) time.Time {
	for i := len(h.Events) - 1; i >= 0; i-- {
		if h.Events[i].Action == a {
			return h.Events[i].At
		}
	}
	return time.Time{}
}
