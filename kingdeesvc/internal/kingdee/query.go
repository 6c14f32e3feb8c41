package kingdee

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const formService = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."

// Query is one ExecuteBillQuery (vip.kingdee.com/knowledge/650355755563987456).
type Query struct {
	FormID    string
	FieldKeys []string
	Filter    string
	Order     string
	// TopRows stays 0: servers differ on what it means together with StartRow
	// (adamzhang1987/kingdee-k3cloud-mcp CHANGELOG).
	TopRows  int
	StartRow int
	// Limit is rows; servers allow 2000 or 10000 at most.
	Limit int
}

// Table is a query's answer: rows of cells in the order of FieldKeys. A row's length is the vendor's and not
// checked here.
type Table struct {
	Rows [][]Cell
	Meta Meta
}

// Query runs q.
func (c *Client) Query(ctx context.Context, q Query) (*Table, error) {
	data := map[string]any{
		"FormId":       q.FormID,
		"FieldKeys":    strings.Join(q.FieldKeys, ","),
		"FilterString": q.Filter,
		"OrderString":  q.Order,
		"TopRowCount":  q.TopRows,
		"StartRow":     q.StartRow,
		"Limit":        q.Limit,
	}
	got, meta, err := c.call(ctx, request{
		service: formService + "ExecuteBillQuery", payload: map[string]any{"data": data}, accept: q.accept,
	})
	if err != nil {
		if fault, ok := asFault(err); ok {
			fault.nameFields(q.FieldKeys)
			if fault.Class == NotFound {
				fault.Class = Refused // only View speaks about one bill
			}
		}
		return nil, fmt.Errorf("query %s: %w", q.FormID, err)
	}
	return &Table{Rows: got.rows, Meta: meta}, nil
}

// accept wants rows. Where no row is one of those that were asked for, the answer is a sentence in the form of rows.
func (q Query) accept(got answer) *Fault {
	if !got.isRows {
		return unreadable(0, 0, "an object where rows were asked for")
	}
	text, bills := "", true
	for _, row := range got.rows {
		says, bill := q.saysNothing(row)
		if !says {
			return nil
		}
		if bills = bills && bill; text == "" && len(row) > 0 {
			text = row[0].Text
		}
	}
	if len(got.rows) == 0 {
		return nil
	}
	fault := unreadable(0, 0, "a sentence where rows were asked for: "+clip([]byte(text)))
	fault.mayBeRows = bills
	return fault
}

// saysNothing says whether a row cannot be one of those that were asked for: it has no cell, or one where several were
// asked for, or fewer than were asked for and no id in the place of the id. Any other row of a wrong length is one
// bill's problem, and so may one be that is empty or has a number: bill says so.
func (q Query) saysNothing(row []Cell) (says, bill bool) {
	switch {
	case len(row) == 0:
		return true, true
	case len(row) >= len(q.FieldKeys):
		return false, false
	case len(row) == 1:
		return true, row[0].Kind == Number
	}
	return strings.EqualFold(q.FieldKeys[0], "FID") && strings.Trim(row[0].Text, " 0123456789.") != "", false
}

// Ping is a cheap query that needs the session and finds nothing: it proves the way in and reads the vendor's clock.
func (c *Client) Ping(ctx context.Context, formID string) (Meta, error) {
	table, err := c.Query(ctx, Query{FormID: formID, FieldKeys: []string{"FID"}, Filter: "FID = -1", Limit: 1})
	if err != nil {
		return Meta{}, err
	}
	return table.Meta, nil
}

// Probe is a Ping for health's sake: an answer that does not come within limit makes the vendor unusable, which a
// caller's own short deadline never does.
func (c *Client) Probe(ctx context.Context, formID string, limit time.Duration) error {
	probing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := c.Ping(probing, formID)
	if err != nil && probing.Err() != nil && ctx.Err() == nil {
		err = &Fault{
			Class: Unreachable, Code: NoCode, Message: fmt.Sprintf("no answer to a probe within %s", limit), Err: err,
		}
		c.circuit.leave(false, err)
		c.note(err)
	}
	return err
}

// View asks whether a bill exists, by its FID. A Fault of class NotFound is the vendor's word that it does not.
func (c *Client) View(ctx context.Context, formID string, id int64) (Meta, error) {
	data := map[string]any{"CreateOrgId": 0, "Number": "", "Id": strconv.FormatInt(id, 10), "IsSortBySeq": "false"}
	_, meta, err := c.call(ctx, request{
		service: formService + "View", payload: map[string]any{"formid": formID, "data": data}, accept: acceptBill,
	})
	if err != nil {
		return meta, fmt.Errorf("view %s %d: %w", formID, id, err)
	}
	return meta, nil
}

// acceptBill wants an object with a bill in it. Without a session, View was seen to answer an empty object: that says
// nothing about the bill.
func acceptBill(got answer) *Fault {
	var view struct {
		Result *struct {
			Result map[string]json.RawMessage `json:"Result"`
		} `json:"Result"`
	}
	if json.Unmarshal(got.object, &view) != nil || view.Result == nil || len(view.Result.Result) == 0 {
		return unreadable(0, 0, "a View without a bill in it")
	}
	return nil
}
