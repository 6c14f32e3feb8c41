package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// client talks to one kingdeesvc.
type client struct {
	*grpc.ClientConn
	bills kingdeev1.BillServiceClient
}

func dial(addr string) (*client, error) {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return nil, err
	}
	return &client{conn, kingdeev1.NewBillServiceClient(conn)}, nil
}

// counts are what a stream delivered; its summary has been held against them.
type counts struct{ rows, bills, problems, pages int64 }

var errNoSummary = errors.New("the stream ended without a summary")

func everything() *kingdeev1.ChangedSince {
	return &kingdeev1.ChangedSince{Since: timestamppb.New(time.Unix(0, 0))}
}

func streamBills(ctx context.Context, c *client) (counts, error) {
	stream, err := c.bills.StreamBills(ctx, &kingdeev1.StreamBillsRequest{
		FormId:    "STK_AssembledApp",
		Selection: &kingdeev1.StreamBillsRequest_ChangedSince{ChangedSince: everything()},
	})
	if err != nil {
		return counts{}, err
	}
	return count(func() (page, *kingdeev1.StreamSummary, error) {
		frame, err := stream.Recv()
		p := frame.GetPage()
		return page{p.GetRows(), len(p.GetBills()), len(p.GetProblems()), p != nil}, frame.GetSummary(), err
	})
}

func streamStates(ctx context.Context, c *client) (counts, error) {
	stream, err := c.bills.StreamBillStates(ctx, &kingdeev1.StreamBillStatesRequest{
		FormId:    "STK_AssembledApp",
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: everything()},
	})
	if err != nil {
		return counts{}, err
	}
	return count(func() (page, *kingdeev1.StreamSummary, error) {
		frame, err := stream.Recv()
		p := frame.GetPage()
		return page{p.GetRows(), len(p.GetStates()), len(p.GetProblems()), p != nil}, frame.GetSummary(), err
	})
}

type page struct {
	rows            int64
	bills, problems int
	there           bool
}

func count(next func() (page, *kingdeev1.StreamSummary, error)) (counts, error) {
	var got counts
	var summary *kingdeev1.StreamSummary
	for {
		p, last, err := next()
		switch {
		case errors.Is(err, io.EOF) && summary == nil:
			return got, errNoSummary
		case errors.Is(err, io.EOF):
			if summary.GetRows() != got.rows || summary.GetBills() != got.bills {
				return got, fmt.Errorf("the summary says %v, the pages held %+v", summary, got)
			}
			return got, nil
		case err != nil:
			return got, err
		case last != nil:
			summary = last
		case p.there:
			got.rows, got.bills, got.problems, got.pages = got.rows+p.rows, got.bills+int64(p.bills), got.problems+
				int64(p.problems), got.pages+1
		}
	}
}
