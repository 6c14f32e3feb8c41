package kingdee

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// DataCenter is one 账套 of a server.
type DataCenter struct {
	ID   string `json:"Id"`
	Name string `json:"Name"`
}

// DataCenters asks which there are, which needs no login (deep-project/kingdee, kingdee-go/k3cloud). It is sent past
// the circuit and once only: it is how a person finds out whether a server can be reached. A server may answer a Fault
// here and work all the same.
func (c *Client) DataCenters(ctx context.Context) ([]DataCenter, Meta, error) {
	const service = "Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService.GetDataCenterList"
	unpaid := false
	if err := c.pay(ctx, &unpaid); err != nil {
		return nil, Meta{}, err
	}
	began := time.Now()
	status, body, meta, err := c.post(ctx, service, nil, &jar{}, map[string]any{})
	if err != nil {
		c.seen(ctx, service, began, err)
		return nil, meta, fmt.Errorf("GetDataCenterList: %w", err)
	}
	var list []DataCenter
	if succeeded(status) && json.Unmarshal(trimBody(body.raw), &list) == nil && len(list) > 0 && list[0].ID != "" {
		c.seen(ctx, service, began, nil)
		return list, meta, nil
	}
	_, fault := classify(status, body)
	if fault == nil {
		fault = unreadable(0, status, "no list of data centres")
	}
	c.seen(ctx, service, began, fault)
	return nil, meta, fmt.Errorf("GetDataCenterList: %w", fault)
}

// Losses is how often sessions were lost while in use.
func (c *Client) Losses() int { return c.account.losses() }
