package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// errForbidden is what a sandbox says of a step that the state of a bill or order does not allow, or that is not there.
var errForbidden = errors.New("the sandbox does not allow it")

// control plays with both sandboxes over their control APIs.
type control struct {
	client       *http.Client
	kingdee, wms string // roots
}

func newControl(kingdee, wms string) (control, error) {
	k, err := hostOf(kingdee)
	if err != nil {
		return control{}, err
	}
	w, err := hostOf(wms)
	return control{client: &http.Client{Timeout: 30 * time.Second}, kingdee: k, wms: w}, err
}

// behave makes both sandboxes difficult, or easy.
func (c control) behave(ctx context.Context, k kbehaviour.Personality, w wbehaviour.Personality) error {
	if err := c.call(ctx, http.MethodPut, c.kingdee+"/control/personality", k, nil); err != nil {
		return err
	}
	return c.call(ctx, http.MethodPut, c.wms+"/control/personality", w, nil)
}

// calm ends all faults; what a server is like stays, and so does what the WMS has in store for single orders: a person
// sees to that.
func (c control) calm(ctx context.Context, p plan) error {
	k, w := p.kingdee, p.wms
	k.CommitMillis, k.LatencyMillis, k.FaultRate = 0, 0, 0
	w.Chaos, w.LatencyMS = nil, 0
	return errors.Join(c.behave(ctx, k, w), c.forget(ctx))
}

// forget takes Kingdee's faults out of its queue.
func (c control) forget(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, c.kingdee+"/control/faults", nil, nil)
}

// lastBills makes a live bill in each organisation. That a bill is gone is believed only where one that was made after
// it can be read, and of the last ones that people deleted there need be none.
func (c control) lastBills(ctx context.Context) error {
	for _, organisation := range organisations {
		last := step{Number: lastPrefix + organisation, Do: create}
		last.Bill = oneOrder(last.Number, organisation)
		if err := c.do(ctx, last, nil); err != nil {
			return fmt.Errorf("last bill of organisation %s: %w", organisation, err)
		}
	}
	return nil
}

func (c control) fault(ctx context.Context, f kbehaviour.Fault) error {
	return c.call(ctx, http.MethodPost, c.kingdee+"/control/faults", f, nil)
}

// slow lets Kingdee take so many milliseconds for each answer from now on.
func (c control) slow(ctx context.Context, millis int) error {
	return c.call(ctx, http.MethodPut, c.kingdee+"/control/personality", map[string]int{"latency_millis": millis}, nil)
}

// hide takes the permission to see some bills away, or gives it back.
func (c control) hide(ctx context.Context, h hiding, on bool) error {
	hidden := map[string]any{"hidden_orgs": nil, "hidden_parts": nil}
	switch {
	case on && h.Share < 1:
		hidden["hidden_parts"] = map[string]float64{h.Organisation: h.Share}
	case on:
		hidden["hidden_orgs"] = []string{h.Organisation}
	}
	return c.call(ctx, http.MethodPut, c.kingdee+"/control/personality", hidden, nil)
}

// calls counts what Kingdee was asked so far.
func (c control) calls(ctx context.Context) (int, error) {
	var answer struct {
		Calls map[string]int `json:"calls"`
	}
	err := c.call(ctx, http.MethodGet, c.kingdee+"/control/sessions", nil, &answer)
	return sum(answer.Calls), err
}

// refuse has a fault in store for an order.
func (c control) refuse(ctx context.Context, f wbehaviour.Fault) error {
	return c.call(ctx, http.MethodPost, c.wms+"/control/faults", f, nil)
}

// cancelByHand is what the warehouse does when it is phoned.
func (c control) cancelByHand(ctx context.Context, key warehouse.Key) error {
	return c.call(ctx, http.MethodPost, c.wms+"/control/orders/state",
		warehouse.Move{Key: key, To: warehouse.StateCancelled}, nil)
}

// pending counts Kingdee's faults that have not met a call.
func (c control) pending(ctx context.Context) (int, error) {
	var answer struct {
		Faults []kbehaviour.Fault `json:"faults"`
	}
	err := c.call(ctx, http.MethodGet, c.kingdee+"/control/faults", nil, &answer)
	left := 0
	for _, f := range answer.Faults {
		left += f.Count
	}
	return left, err
}

// do carries a step out.
func (c control) do(ctx context.Context, s step, codes map[string]string) error {
	act := func(action string, body any) error {
		return c.call(ctx, http.MethodPost, c.kingdee+"/control/bills/"+url.PathEscape(s.Number)+"/"+action, body, nil)
	}
	switch s.Do {
	case create:
		if err := c.call(ctx, http.MethodPost, c.kingdee+"/control/bills", s.Bill, nil); err != nil {
			return err
		}
		return act("approve", nil)
	case audit:
		return act("approve", nil)
	case void:
		return act("cancel", nil)
	case move:
		if err := act("edit", books.Edit{Stock: s.Stock}); err != nil {
			return err
		}
		return act("approve", nil)
	case begin, finish:
		to := warehouse.StateWorking
		if s.Do == finish {
			to = warehouse.StateDone
		}
		key := warehouse.Key{WarehouseCode: codes[s.Stock], OrderCode: s.Number, OrderType: typeIn}
		err := c.call(ctx, http.MethodPost, c.wms+"/control/orders/state", warehouse.Move{Key: key, To: to}, nil)
		if errors.Is(err, errForbidden) {
			return nil // it is cancelled by now, or that bill has no such order
		}
		return err
	default:
		return act(string(s.Do), nil)
	}
}

func (c control) kingdeeTruth(ctx context.Context) (truth books.Truth, err error) {
	err = c.call(ctx, http.MethodGet, c.kingdee+"/control/truth", nil, &truth)
	return truth, err
}

func (c control) wmsTruth(ctx context.Context) ([]warehouse.Truth, error) {
	var all []warehouse.Truth
	for token := ""; ; {
		var page warehouse.TruthPage
		where := c.wms + "/control/truth?" + url.Values{"page_size": {"5000"}, "page_token": {token}}.Encode()
		if err := c.call(ctx, http.MethodGet, where, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Truths...)
		if token = page.NextPageToken; token == "" {
			return all, nil
		}
	}
}

func (c control) call(ctx context.Context, method, where string, body, into any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, where, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusConflict:
		said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("%s %s: %s: %w", method, where, strings.TrimSpace(string(said)), errForbidden)
	default:
		said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("%s %s: %s: %s", method, where, response.Status, strings.TrimSpace(string(said)))
	}
	if into == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(into)
}
