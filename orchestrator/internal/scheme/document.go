package scheme

import (
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// LoadDocument reads one scheme's own text, as Document gives it and a revision keeps it.
func LoadDocument(document string) (*Scheme, error) {
	schemes, err := Load([]byte(FileOf([]string{document})), "revision")
	if err != nil {
		return nil, err
	}
	return schemes[0], nil
}

// FileOf is a schemes file of these documents, as Document gives them.
func FileOf(documents []string) string {
	var file strings.Builder
	file.WriteString("schemes:\n")
	for _, document := range documents {
		text := strings.ReplaceAll(strings.TrimRight(document, "\n"), "\n", "\n    ")
		file.WriteString("  - " + text + "\n")
	}
	return file.String()
}

// OrderRequest is what the scheme asks of the WMS for one order of a bill, or why it cannot.
type OrderRequest struct {
	Order   rule.Order
	Request rule.Request
	Fault   error
}

// Requests are those that the bill would give rise to were it voided as it is: none for a bill that the scheme does not
// select, and none for an order whose warehouse is outside or not in the table. The error says that the scheme's
// condition cannot be evaluated for it.
func (s *Scheme) Requests(bill rule.Bill) ([]OrderRequest, error) {
	orders, err := s.Wanted(bill)
	var requests []OrderRequest
	for _, order := range orders {
		request, fault := s.Map(bill, order)
		requests = append(requests, OrderRequest{Order: order, Request: request, Fault: fault})
	}
	return requests, err
}

// Wanted are the orders of a bill that the scheme asks for: of an organisation, a kind and a warehouse of its, where
// its selector takes the bill. The error is the selector's.
func (s *Scheme) Wanted(bill rule.Bill) ([]rule.Order, error) {
	policy := s.Policy(s.EffectiveFrom, nil)
	if len(policy.Orgs) > 0 && !policy.Orgs[bill.Org] {
		return nil, nil
	}
	if policy.Selector != nil {
		if yes, err := policy.Selector(bill); err != nil || !yes {
			return nil, err
		}
	}
	orders, _ := rule.Orders(bill, policy.Form, policy.Orders)
	return slices.DeleteFunc(orders, func(order rule.Order) bool {
		warehouse, listed := s.Warehouse(order.Warehouse)
		return !listed || warehouse.Outside
	}), nil
}
