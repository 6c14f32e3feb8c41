package sandbox

import (
	"cmp"
	"slices"
	"time"
)

// Direction of goods through a warehouse.
const (
	Inbound  = "in"
	Outbound = "out"
)

// Leg is one warehouse's part of a bill in one direction, as it was at an audit:
// what a program that pushes audited bills to a WMS makes one order of. An
// Assembly brings its product lines in and takes its component lines out, a
// Dassembly the reverse.
type Leg struct {
	BillID     int64     `json:"bill_id"`
	BillNo     string    `json:"bill_no"`
	StockOrg   string    `json:"stock_org,omitempty"`
	AffairType string    `json:"affair_type"`
	Direction  string    `json:"direction"`
	Stock      string    `json:"stock"` // Kingdee warehouse number
	Lines      int       `json:"lines"` // how many lines make it up
	AuditSeq   int64     `json:"audit_seq"`
	AuditedAt  time.Time `json:"audited_at"`
	// BillLive is whether the bill is live now and this was its last audit.
	BillLive bool `json:"bill_live"`
}

// Legs are the bill's legs by its present content, in order of its lines; lines
// without a warehouse belong to none. AuditSeq is 0.
func (b Bill) Legs() []Leg {
	products, components := Inbound, Outbound
	if b.AffairType == Dassembly {
		products, components = Outbound, Inbound
	}
	var legs []Leg
	for i := range b.Lines {
		legs = b.addLeg(legs, products, b.Lines[i].Stock)
		for j := range b.Lines[i].Components {
			legs = b.addLeg(legs, components, b.Lines[i].Components[j].Stock)
		}
	}
	return legs
}

func (b Bill) addLeg(legs []Leg, direction, stock string) []Leg {
	if stock == "" {
		return legs
	}
	for i := range legs {
		if legs[i].Direction == direction && legs[i].Stock == stock {
			legs[i].Lines++
			return legs
		}
	}
	return append(legs, Leg{
		BillID: b.ID, BillNo: b.BillNo, StockOrg: b.StockOrg, AffairType: b.AffairType,
		Direction: direction, Stock: stock, Lines: 1, AuditedAt: b.ApproveDate, BillLive: b.Live(),
	})
}

// AuditedLegs are the inbound legs of every audit of every bill there ever was,
// in the order of the audits.
func (s *Server) AuditedLegs() []Leg { return s.store.legs(Inbound) }

// OutboundLegs are the other half of AuditedLegs.
func (s *Server) OutboundLegs() []Leg { return s.store.legs(Outbound) }

func (st *store) legs(direction string) []Leg {
	st.mu.RLock()
	defer st.mu.RUnlock()
	var legs []Leg
	for id, h := range st.past {
		b := st.find(id)
		live := b != nil && b.Live()
		last := h.lastAudit()
		for _, e := range h.Events {
			for _, leg := range e.Legs {
				if leg.Direction == direction {
					leg.BillLive = live && e.Seq == last
					legs = append(legs, leg)
				}
			}
		}
	}
	slices.SortStableFunc(legs, func(a, b Leg) int { return cmp.Compare(a.AuditSeq, b.AuditSeq) })
	return legs
}

func (h *History) lastAudit() int64 {
	for i := len(h.Events) - 1; i >= 0; i-- {
		if h.Events[i].Action == ActionAudit {
			return h.Events[i].Seq
		}
	}
	return 0
}
