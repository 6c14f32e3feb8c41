package rpc

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// watchBeat is how long a watch says nothing, at most.
const watchBeat = 15 * time.Second

type eventService struct {
	orchestratorv1.UnimplementedEventServiceServer
	schemes SchemeReader
	events  *event.Reader
	// beat is how long a watch says nothing, at most.
	beat time.Duration
}

func (s *eventService) ListEvents(
	ctx context.Context, req *orchestratorv1.ListEventsRequest,
) (*orchestratorv1.ListEventsResponse, error) {
	if req.GetNewestFirst() && req.GetSinceToken() != "" {
		return nil, &serve.InvalidRequest{Field: "newest_first", Text: "stands without since_token"}
	}
	key, err := pageKey(req)
	if err != nil {
		return nil, err
	}
	list := s.oldest
	if req.GetNewestFirst() {
		list = s.newest
	}
	reply, err := list(ctx, req, key)
	if err == nil && len(reply.GetEvents()) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	return reply, err
}

// oldest lists the oldest first; a page goes on behind the token of the last event.
func (s *eventService) oldest(
	ctx context.Context, req *orchestratorv1.ListEventsRequest, key string,
) (*orchestratorv1.ListEventsResponse, error) {
	if key == "" {
		key = req.GetSinceToken()
	}
	from, err := tokenOf(key)
	if err != nil {
		return nil, err
	}
	page, err := s.events.List(ctx, from, eventFilter(req), pageSize(req))
	reply := &orchestratorv1.ListEventsResponse{Events: eventMessages(page), Token: page.Through.String()}
	if page.More {
		reply.NextPageToken = pageToken(req, page.Through.String())
	}
	return reply, err
}

// newest lists the newest first; a page goes on before the number of the last event.
func (s *eventService) newest(
	ctx context.Context, req *orchestratorv1.ListEventsRequest, _ string,
) (*orchestratorv1.ListEventsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	page, err := s.events.Latest(ctx, before, eventFilter(req), pageSize(req))
	reply := &orchestratorv1.ListEventsResponse{Events: eventMessages(page), Token: page.Through.String()}
	if page.More {
		last := page.Events[len(page.Events)-1].EventNumber
		reply.NextPageToken = pageToken(req, strconv.FormatInt(last, 10))
	}
	return reply, err
}

func (s *eventService) WatchEvents(
	req *orchestratorv1.WatchEventsRequest, stream grpc.ServerStreamingServer[orchestratorv1.WatchEventsResponse],
) error {
	if req.GetFromOldest() && req.GetSinceToken() != "" {
		return &serve.InvalidRequest{Field: "from_oldest", Text: "stands without since_token"}
	}
	ctx := stream.Context()
	from, err := tokenOf(req.GetSinceToken())
	if err == nil {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return err
	}
	if req.GetFromOldest() {
		identity, err := s.events.Identity(ctx)
		if err != nil {
			return err
		}
		oldest := event.Oldest(identity)
		from = &oldest
	}
	return s.events.Watch(ctx, from, eventFilter(req), s.beat, func(page event.Page) error {
		return stream.Send(&orchestratorv1.WatchEventsResponse{
			Events: eventMessages(page), Token: page.Through.String(),
		})
	})
}

// tokenOf reads a token; nil where there is none.
func tokenOf(text string) (*event.Token, error) {
	if text == "" {
		return nil, nil
	}
	token, err := event.ParseToken(text)
	return &token, err
}

// eventFilter reads what a list and a watch select by.
func eventFilter(req interface {
	GetScheme() string
	GetKinds() []orchestratorv1.EventKind
	GetBillNo() string
}) event.Filter {
	return event.Filter{
		Scheme: req.GetScheme(), BillNo: req.GetBillNo(),
		Kinds: each(req.GetKinds(), func(kind orchestratorv1.EventKind) ledger.EventKind {
			return ledger.EventKind(wordOf(kind, "EVENT_KIND_"))
		}),
	}
}

func eventMessages(page event.Page) []*orchestratorv1.Event {
	return each(page.Events, func(e event.Event) *orchestratorv1.Event {
		return &orchestratorv1.Event{
			Token:      event.Token{LedgerID: page.Through.LedgerID, Number: e.EventNumber}.String(),
			Kind:       enum[orchestratorv1.EventKind](orchestratorv1.EventKind_value, "EVENT_KIND_", string(e.Kind)),
			CreateTime: stamp(e.EventTime), Scheme: e.Scheme, State: e.State, Reason: e.Reason, BillId: e.BillID,
			BillNo: e.BillNo, CancellationId: e.CancellationID, WorkItemId: e.WorkItemID, ConditionId: e.ConditionID,
			RunId: e.RunID, OperatorActionId: e.OperatorActionID, Revision: int32(e.Revision), Actor: e.Actor,
			Detail: e.Detail,
		}
	})
}
