package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/serve"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// Client asks an orchestrator over gRPC.
type Client struct {
	Schemes       orchestratorv1.SchemeServiceClient
	Runs          orchestratorv1.RunServiceClient
	Cancellations orchestratorv1.CancellationServiceClient
	Work          orchestratorv1.WorkServiceClient
	Status        orchestratorv1.StatusServiceClient
	Bills         orchestratorv1.BillServiceClient
	Events        orchestratorv1.EventServiceClient
	Ledger        orchestratorv1.LedgerServiceClient

	conn *grpc.ClientConn
}

// Dial makes a client of the orchestrator at a gRPC target; it connects on the first call.
func Dial(target string, way serve.DialOptions) (*Client, error) {
	conn, err := serve.Dial(target, way)
	if err != nil {
		return nil, fmt.Errorf("orchestrator at %s: %w", target, err)
	}
	return &Client{
		Schemes: orchestratorv1.NewSchemeServiceClient(conn), Runs: orchestratorv1.NewRunServiceClient(conn),
		Cancellations: orchestratorv1.NewCancellationServiceClient(conn),
		Work:          orchestratorv1.NewWorkServiceClient(conn),
		Status:        orchestratorv1.NewStatusServiceClient(conn),
		Bills:         orchestratorv1.NewBillServiceClient(conn),
		Events:        orchestratorv1.NewEventServiceClient(conn),
		Ledger:        orchestratorv1.NewLedgerServiceClient(conn),
		conn:          conn,
	}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// AllSchemes lists every scheme.
func (c *Client) AllSchemes(ctx context.Context) ([]*orchestratorv1.Scheme, error) {
	var all []*orchestratorv1.Scheme
	for token := ""; ; {
		page, err := c.Schemes.ListSchemes(ctx, &orchestratorv1.ListSchemesRequest{PageToken: token})
		if err != nil {
			return nil, err
		}
		all = append(all, page.GetSchemes()...)
		if token = page.GetNextPageToken(); token == "" {
			return all, nil
		}
	}
}

// AllCancellations lists every cancellation, newest first.
func (c *Client) AllCancellations(ctx context.Context) ([]*orchestratorv1.Cancellation, error) {
	var all []*orchestratorv1.Cancellation
	for token := ""; ; {
		page, err := c.Cancellations.ListCancellations(ctx,
			&orchestratorv1.ListCancellationsRequest{PageSize: 500, PageToken: token})
		if err != nil {
			return nil, err
		}
		all = append(all, page.GetCancellations()...)
		if token = page.GetNextPageToken(); token == "" {
			return all, nil
		}
	}
}

// AllWorkItems lists every work item, closed ones too, newest first.
func (c *Client) AllWorkItems(ctx context.Context) ([]*orchestratorv1.WorkItem, error) {
	var all []*orchestratorv1.WorkItem
	for token := ""; ; {
		page, err := c.Cancellations.ListWorkItems(ctx,
			&orchestratorv1.ListWorkItemsRequest{IncludeClosed: true, PageSize: 500, PageToken: token})
		if err != nil {
			return nil, err
		}
		all = append(all, page.GetWorkItems()...)
		if token = page.GetNextPageToken(); token == "" {
			return all, nil
		}
	}
}

// askEvery is how often a state that is waited for is asked for, nudge how often an incremental run is asked for
// meanwhile.
const (
	askEvery = 50 * time.Millisecond
	nudge    = 10
)

// Baseline waits until every scheme has read all there is once.
func (c *Client) Baseline(ctx context.Context) error {
	return c.eachScheme(ctx, "the baseline", func(s *orchestratorv1.Scheme) bool { return s.GetWatermarkTime() != nil })
}

// Run waits until each scheme has completed a run that began after this call: the second completion from now on, since
// the first may belong to one that was under way.
func (c *Client) Run(ctx context.Context) error {
	for range 2 {
		before := make(map[string]time.Time)
		schemes, err := c.AllSchemes(ctx)
		if err != nil {
			return err
		}
		for _, s := range schemes {
			before[s.GetScheme()] = s.GetLastRunTime().AsTime()
		}
		err = c.eachScheme(ctx, "an incremental run", func(s *orchestratorv1.Scheme) bool {
			return s.GetLastRunTime().AsTime().After(before[s.GetScheme()])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Settled waits until nothing is due in any scheme: what was voided before the call is cancelled, or waits for a
// person.
func (c *Client) Settled(ctx context.Context) error {
	if err := c.Run(ctx); err != nil {
		return err
	}
	return c.eachScheme(ctx, "open cancellations", func(s *orchestratorv1.Scheme) bool {
		counts := s.GetCancellationCounts()
		return counts["open"]+counts["planned"] == 0
	})
}

// eachScheme waits until holds is true of every scheme, asking for incremental runs meanwhile.
func (c *Client) eachScheme(ctx context.Context, what string, holds func(*orchestratorv1.Scheme) bool) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	last := ""
	for n := 0; ; n++ {
		schemes, err := c.AllSchemes(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		waiting := 0
		for _, s := range schemes {
			if holds(s) {
				continue
			}
			waiting++
			if s.GetState() == orchestratorv1.SchemeState_SCHEME_STATE_STOPPED {
				return fmt.Errorf("scheme %s stopped: %s", s.GetScheme(), messages(s.GetConditions()))
			}
			last = fmt.Sprintf("scheme %s: %s", s.GetScheme(), messages(s.GetConditions()))
			if n%nudge == 0 {
				// A refused nudge changes nothing: the scheme's own interval brings the next run.
				_, _ = c.Runs.StartRun(ctx, &orchestratorv1.StartRunRequest{
					Scheme: s.GetScheme(), Kind: orchestratorv1.RunKind_RUN_KIND_INCREMENTAL,
				})
			}
		}
		if err == nil && waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waited for %s; %s", what, last), ctx.Err())
		case <-tick.C:
		}
	}
}

// messages are what conditions say, in English.
func messages(conditions []*orchestratorv1.Condition) string {
	words := make([]string, len(conditions))
	for i, c := range conditions {
		words[i] = c.GetMessageEn()
		if c.GetDetail() != "" {
			words[i] += ": " + c.GetDetail()
		}
	}
	return strings.Join(words, "; ")
}
