package control

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func (s *API) help(*http.Request) (any, error) {
	return map[string]any{
		"sandbox": s.Sandbox, "forms": s.Forms, "acct_id": s.Account.AcctID,
		"username": s.Account.Username, "app_id": s.Account.AppID,
		"calls": slices.Sorted(maps.Keys(s.calls())),
		"note": "a bill is named by its number or its id; actions: submit recall audit approve unaudit edit void " +
			"cancel restore close reopen delete (cancel = unaudit where needed, then void)",
	}, nil
}

// list lists bills; ?form=PUR_MRAPP&status=C&cancel_status=B&prefix=ZZCX narrow it.
func (s *API) list(r *http.Request) (any, error) {
	want := r.URL.Query()
	fits := func(name, value string) bool { return want.Get(name) == "" || want.Get(name) == value }
	bills := []books.Bill{}
	for _, b := range s.Store.All() {
		if fits("form", b.Form) && fits("status", b.DocumentStatus) && fits("cancel_status", b.CancelStatus) &&
			strings.HasPrefix(b.BillNo, want.Get("prefix")) {
			bills = append(bills, *b.Clone())
		}
	}
	return bills, nil
}

func (s *API) create(r *http.Request) (any, error) {
	var b books.Bill
	if err := decode(r, &b); err != nil {
		return nil, err
	}
	return s.Clerk.Create(r.Context(), b)
}

func (s *API) get(r *http.Request) (any, error) { return s.Clerk.Bill(r.PathValue("ref")) }

// action carries out one action, or one of the two usual pairs.
func (s *API) action(r *http.Request) (any, error) {
	var body struct {
		books.Edit
		Remark string `json:"remark"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	ref := r.PathValue("ref")
	actions := []books.Action{books.Action(r.PathValue("action"))}
	switch actions[0] {
	case "approve":
		actions = []books.Action{books.ActionSubmit, books.ActionAudit}
	case "cancel":
		b, err := s.Clerk.Bill(ref)
		if err != nil {
			return nil, err
		}
		actions = []books.Action{books.ActionVoid}
		if b.Live() {
			actions = []books.Action{books.ActionUnaudit, books.ActionVoid}
		}
	case books.ActionSubmit, books.ActionRecall, books.ActionAudit, books.ActionUnaudit, books.ActionEdit,
		books.ActionVoid, books.ActionRestore, books.ActionClose, books.ActionReopen, books.ActionDelete:
	default:
		return nil, errors.Join(errRequest, fmt.Errorf("unknown action %q", actions[0]))
	}
	var last books.Bill
	for _, a := range actions {
		b, err := s.Clerk.Do(r.Context(), ref, a, body.Edit, body.Remark)
		if err != nil {
			return nil, err
		}
		last = b
	}
	return last, nil
}

func (s *API) bulk(r *http.Request) (any, error) {
	var spec books.Bulk
	if err := decode(r, &spec); err != nil {
		return nil, err
	}
	numbers, err := s.Clerk.Bulk(r.Context(), spec)
	return map[string]any{"count": len(numbers), "bill_nos": numbers}, err
}

// bulkVoid voids the bills listed, or all live ones of a prefix.
func (s *API) bulkVoid(r *http.Request) (any, error) {
	var body struct {
		BillNos []string `json:"bill_nos"`
		Prefix  string   `json:"prefix"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if len(body.BillNos) == 0 && body.Prefix == "" {
		return nil, errors.Join(errRequest, errors.New("bill_nos or prefix must be given"))
	}
	numbers := body.BillNos
	if body.Prefix != "" {
		for _, b := range s.Store.All() {
			if b.Live() && strings.HasPrefix(b.BillNo, body.Prefix) {
				numbers = append(numbers, b.BillNo)
			}
		}
	}
	return map[string]any{"count": len(numbers)}, s.Clerk.VoidMany(r.Context(), numbers)
}

func (s *API) truth(*http.Request) (any, error) { return s.Store.Truth(s.Now()), nil }

func (s *API) history(r *http.Request) (any, error) {
	return s.Store.History(r.PathValue("bill_no")), nil
}

func (s *API) orders(r *http.Request) (any, error) {
	orders := s.Store.Orders(books.Inbound)
	if r.URL.Query().Get("direction") == books.Outbound {
		orders = s.Store.Orders(books.Outbound)
	}
	if orders == nil {
		orders = []books.Order{}
	}
	return orders, nil
}
