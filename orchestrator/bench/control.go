package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// control plays with both sandboxes over their control APIs, and with our own REST.
type control struct {
	client                     *http.Client
	kingdee, wms, orchestrator string // roots
}

func newControl(vendors vendorURLs) (control, error) {
	vendor, err := url.Parse(vendors.WMS)
	if err != nil {
		return control{}, err
	}
	return control{
		client: &http.Client{Timeout: time.Minute}, kingdee: vendors.Kingdee, wms: "http://" + vendor.Host,
	}, nil
}

// bills makes audited bills, and thereby their orders, and gives their numbers. Each has one product line.
func (c control) bills(ctx context.Context, count int) ([]string, error) {
	var made struct {
		BillNos []string `json:"bill_nos"`
	}
	spec := books.Bulk{Count: count, Prefix: "BENCH-", Stocks: []string{"CK001", "CK002", "CK003", "CK004", "CK005"}}
	err := c.call(ctx, http.MethodPost, c.kingdee+"/control/bulk", spec, &made)
	return made.BillNos, err
}

// void un-audits and voids bills.
func (c control) void(ctx context.Context, numbers []string) error {
	return c.call(ctx, http.MethodPost, c.kingdee+"/control/bulk/void", map[string]any{"bill_nos": numbers}, nil)
}

// orders puts orders into the warehouse that no bill stands behind.
func (c control) orders(ctx context.Context, keys []warehouse.Key) error {
	orders := make([]warehouse.Order, len(keys))
	for i, key := range keys {
		orders[i].Key = key
	}
	var result warehouse.BulkResult
	if err := c.call(ctx, http.MethodPost, c.wms+"/control/orders/bulk",
		map[string]any{"orders": orders}, &result); err != nil {
		return err
	}
	if len(result.Problems) > 0 {
		return fmt.Errorf("order %d was not made: %s", result.Problems[0].Index, result.Problems[0].Error)
	}
	return nil
}

// latency makes the WMS wait before it looks at a cancel.
func (c control) latency(ctx context.Context, wait time.Duration) error {
	return c.call(ctx, http.MethodPatch, c.wms+"/control/personality",
		map[string]any{"latency_ms": wait.Milliseconds()}, nil)
}

// run asks the orchestrator for an incremental run now.
func (c control) run(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, c.orchestrator+"/v1/schemes/"+schemeName+"/runs",
		map[string]any{"kind": "RUN_KIND_INCREMENTAL"}, nil)
}

func (c control) kingdeeTruth(ctx context.Context) (truth books.Truth, err error) {
	err = c.call(ctx, http.MethodGet, c.kingdee+"/control/truth", nil, &truth)
	return truth, err
}

func (c control) wmsTruth(ctx context.Context) ([]warehouse.Truth, error) {
	var all []warehouse.Truth
	for token := ""; ; {
		var page warehouse.TruthPage
		where := c.wms + "/control/truth?" + url.Values{"page_size": {"10000"}, "page_token": {token}}.Encode()
		if err := c.call(ctx, http.MethodGet, where, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Truths...)
		if token = page.NextPageToken; token == "" {
			return all, nil
		}
	}
}

func (c control) wmsStatus(ctx context.Context) (status wsandbox.Status, err error) {
	err = c.call(ctx, http.MethodGet, c.wms+"/control/status", nil, &status)
	return status, err
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
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("%s %s: %s: %s", method, where, response.Status, strings.TrimSpace(string(said)))
	}
	if into == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(into)
}
