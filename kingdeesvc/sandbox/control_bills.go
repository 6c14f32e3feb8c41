package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (s *API) controlHelp(*http.Request) (any, error) {
	return map[string]any{
		"sandbox": s.Sandbox, "form": s.FormID, "acct_id": s.Account.AcctID, "username": s.Account.Username, "app_id": s.Account.AppID,
		"calls": slices.Sorted(maps.Keys(s.controlCalls())),
		"note":  "a bill is named by its number or its id; actions: submit recall audit approve unaudit edit void cancel restore delete (cancel = unaudit where needed, then void)",
	}, nil
}

// controlList lists bills; ?status=C&cancel_status=B&prefix=ZZCX narrow it.
func (s *API) controlList(r *http.Request) (any, error) {
	want := r.URL.Query()
	fits := func(name, value string) bool { return want.Get(name) == "" || want.Get(name) == value }
	bills := []Bill{}
	for _, b := range s.Store.all() {
		if fits("status", b.DocumentStatus) && fits("cancel_status", b.CancelStatus) && strings.HasPrefix(b.BillNo, want.Get("prefix")) {
			bills = append(bills, *b.clone())
		}
	}
	return bills, nil
}

func (s *API) controlCreate(r *http.Request) (any, error) {
	var b Bill
	if err := decode(r, &b); err != nil {
		return nil, err
	}
	return s.Clerk.Create(r.Context(), b)
}

func (s *API) controlGet(r *http.Request) (any, error) { return s.Clerk.Bill(r.PathValue("ref")) }

// controlAction carries out one action, or one of the two usual pairs.
func (s *API) controlAction(r *http.Request) (any, error) {
	var body struct {
		Edit
		Remark string `json:"remark"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	ref := r.PathValue("ref")
	actions := []Action{Action(r.PathValue("action"))}
	switch actions[0] {
	case "approve":
		actions = []Action{ActionSubmit, ActionAudit}
	case "cancel":
		b, err := s.Clerk.Bill(ref)
		if err != nil {
			return nil, err
		}
		actions = []Action{ActionVoid}
		if b.Live() {
			actions = []Action{ActionUnaudit, ActionVoid}
		}
	case ActionSubmit, ActionRecall, ActionAudit, ActionUnaudit, ActionEdit, ActionVoid, ActionRestore, ActionDelete:
	default:
		return nil, errors.Join(errRequest, fmt.Errorf("unknown action %q", actions[0]))
	}
	var last Bill
	for _, a := range actions {
		b, err := s.Clerk.Do(r.Context(), ref, a, body.Edit, body.Remark)
		if err != nil {
			return nil, err
		}
		last = b
	}
	return last, nil
}

func (s *API) controlBulk(r *http.Request) (any, error) {
	var spec Bulk
	if err := decode(r, &spec); err != nil {
		return nil, err
	}
	numbers, err := s.Clerk.Bulk(r.Context(), spec)
	return map[string]any{"count": len(numbers), "bill_nos": numbers}, err
}

// controlBulkVoid voids the bills listed, or all live ones of a prefix.
func (s *API) controlBulkVoid(r *http.Request) (any, error) {
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
		for _, b := range s.Store.all() {
			if b.Live() && strings.HasPrefix(b.BillNo, body.Prefix) {
				numbers = append(numbers, b.BillNo)
			}
		}
	}
	return map[string]any{"count": len(numbers)}, s.Clerk.VoidMany(r.Context(), numbers)
}

func (s *API) controlTruth(*http.Request) (any, error) { return s.Store.everything(s.Now()), nil }

func (s *API) controlHistory(r *http.Request) (any, error) {
	return s.Store.history(r.PathValue("bill_no")), nil
}

func (s *API) controlOrders(r *http.Request) (any, error) {
	orders := s.Store.auditedOrders(Inbound)
	if r.URL.Query().Get("direction") == Outbound {
		orders = s.Store.auditedOrders(Outbound)
	}
	if orders == nil {
		orders = []Order{}
	}
	return orders, nil
}
