package jobs

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

func TestMain(m *testing.M) {
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := ledger.Migrate(ctx, url)
		return err
	}))
}

// frames is a stream that has been answered already.
type frames[T any] struct {
	grpc.ClientStream
	list []*T
}

func (f *frames[T]) Recv() (*T, error) {
	if len(f.list) == 0 {
		return nil, io.EOF
	}
	next := f.list[0]
	f.list = f.list[1:]
	return next, nil
}

// books is a Kingdee behind its adapter, by a clock of the test's own.
type books struct {
	kingdeev1.BillServiceClient
	clock  *time.Time
	asking sync.Mutex
	bills  map[int64]*kingdeev1.AssemblyBill
	// page is how many bills a light page holds.
	page int
	// wholeCenter is the data centre that whole reads come from.
	wholeCenter string
	// zone and offset are those that times are read in; empty for Beijing's.
	zone   string
	offset int32
	// note says why there is no vendor's clock; empty when there is one.
	note string
	// hidden are bills that are there and not shown.
	hidden map[int64]bool
	// hiddenSaysGone: View says of a hidden bill that there is none.
	hiddenSaysGone bool
	// asked are the ids that light reads asked for, viewed those that View was asked about.
	asked, viewed []int64
}

const center = "6040d4f5a1b2c3"

func (b *books) account(dc string) *kingdeev1.Account {
	if b.zone != "" {
		return &kingdeev1.Account{DataCenterId: dc, TimeZone: b.zone, UtcOffsetSeconds: b.offset, Environment: kingdeev1.Environment_ENVIRONMENT_SANDBOX}
	}
	return &kingdeev1.Account{DataCenterId: dc, TimeZone: "Asia/Shanghai", UtcOffsetSeconds: 28800, Environment: kingdeev1.Environment_ENVIRONMENT_SANDBOX}
}

func (b *books) header(dc string) *kingdeev1.StreamHeader {
	if b.note != "" {
		return &kingdeev1.StreamHeader{VendorTimeNote: b.note, ServiceTime: timestamppb.New(*b.clock), Account: b.account(dc)}
	}
	return &kingdeev1.StreamHeader{VendorTime: timestamppb.New(*b.clock), ServiceTime: timestamppb.New(*b.clock), Account: b.account(dc)}
}

func (b *books) StreamBillStates(_ context.Context, in *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	b.asking.Lock()
	defer b.asking.Unlock()
	var ids []int64
	if asked := in.GetIds().GetIds(); asked != nil {
		b.asked = append(b.asked, asked...)
	}
	for id, bill := range b.bills {
		if b.hidden[id] {
			continue
		}
		s := in.GetChangedSince()
		switch {
		case s != nil:
			newest := bill.GetModifyTime().AsTime()
			for _, t := range []*timestamppb.Timestamp{bill.GetApproveTime(), bill.GetCancelTime(), bill.GetCreateTime()} {
				if t != nil && t.AsTime().After(newest) {
					newest = t.AsTime()
				}
			}
			if id > s.GetAfterId() && !newest.Before(s.GetSince().AsTime()) {
				ids = append(ids, id)
			}
		case in.GetIds() != nil && slices.Contains(in.GetIds().GetIds(), id), in.GetNumbers() != nil && slices.Contains(in.GetNumbers().GetNumbers(), bill.GetNumber()):
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	out := &frames[kingdeev1.StreamBillStatesResponse]{}
	add := func(f *kingdeev1.StreamBillStatesResponse) { out.list = append(out.list, f) }
	add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Header{Header: b.header(center)}})
	for part := range slices.Chunk(ids, cmp.Or(b.page, 100)) {
		page := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(*b.clock), LastId: part[len(part)-1], Rows: int64(len(part))}
		for _, id := range part {
			l := b.bills[id]
			page.States = append(page.States, &kingdeev1.BillState{
				Id: id, Number: l.GetNumber(), StockOrgNumber: "100", DocumentStatus: l.GetDocumentStatus(), CancelStatus: l.GetCancelStatus(),
				AffairType: l.GetAffairType(), CreateTime: l.GetCreateTime(), ModifyTime: l.GetModifyTime(), ApproveTime: l.GetApproveTime(), CancelTime: l.GetCancelTime(),
			})
		}
		add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Page{Page: page}})
	}
	add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Summary{Summary: &kingdeev1.StreamSummary{Rows: int64(len(ids)), Bills: int64(len(ids))}}})
	return out, nil
}

func (b *books) StreamAssemblyBills(_ context.Context, in *kingdeev1.StreamAssemblyBillsRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamAssemblyBillsResponse], error) {
	page := &kingdeev1.BillPage{QueryLeftTime: timestamppb.New(*b.clock)}
	for _, id := range in.GetIds().GetIds() {
		if bill := b.bills[id]; bill != nil && !b.hidden[id] {
			page.Bills = append(page.Bills, bill)
			page.Rows += int64(bill.GetRows())
		}
	}
	return &frames[kingdeev1.StreamAssemblyBillsResponse]{list: []*kingdeev1.StreamAssemblyBillsResponse{
		{Frame: &kingdeev1.StreamAssemblyBillsResponse_Header{Header: b.header(cmp.Or(b.wholeCenter, center))}},
		{Frame: &kingdeev1.StreamAssemblyBillsResponse_Page{Page: page}},
		{Frame: &kingdeev1.StreamAssemblyBillsResponse_Summary{Summary: &kingdeev1.StreamSummary{Rows: page.GetRows(), Bills: int64(len(page.GetBills()))}}},
	}}, nil
}

func (b *books) GetAssemblyBill(_ context.Context, in *kingdeev1.GetAssemblyBillRequest, _ ...grpc.CallOption) (*kingdeev1.GetAssemblyBillResponse, error) {
	b.viewed = append(b.viewed, in.GetId())
	bill := b.bills[in.GetId()]
	switch {
	case bill == nil || b.hidden[in.GetId()] && b.hiddenSaysGone:
		return nil, apierr.Error{Code: codes.NotFound, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND, Message: "no such bill"}.Err()
	case b.hidden[in.GetId()]:
		return nil, apierr.Error{Code: codes.PermissionDenied, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_SHOWN, Message: "not shown"}.Err()
	}
	return &kingdeev1.GetAssemblyBillResponse{Bill: bill, QueryLeftTime: timestamppb.New(*b.clock)}, nil
}

func (b *books) live(id int64, no string, stock string) {
	at := timestamppb.New(b.clock.Add(-time.Hour))
	b.bills[id] = &kingdeev1.AssemblyBill{
		Id: id, Number: no, Rows: 1, StockOrgNumber: "100", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, AffairType: kingdeev1.AffairType_AFFAIR_TYPE_ASSEMBLY,
		CreateTime: at, ModifyTime: at, ApproveTime: at,
		ProductLines: []*kingdeev1.ProductLine{{EntryId: id*10 + 1, MaterialNumber: "M", Quantity: "1", WarehouseNumber: stock}},
	}
}

func (b *books) void(id int64) {
	bill := b.bills[id]
	bill.CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	bill.CancelTime, bill.ModifyTime = timestamppb.New(*b.clock), timestamppb.New(*b.clock)
}

// wmsFake answers checks, and cancels as a test says.
type wmsFake struct {
	wmsv1.OrderServiceClient
	stream func(context.Context) grpc.BidiStreamingClient[wmsv1.CancelOrdersRequest, wmsv1.CancelOrdersResponse]
}

func (wmsFake) CheckConnection(context.Context, *wmsv1.CheckConnectionRequest, ...grpc.CallOption) (*wmsv1.CheckConnectionResponse, error) {
	return &wmsv1.CheckConnectionResponse{Account: &wmsv1.Account{Environment: wmsv1.Environment_ENVIRONMENT_SANDBOX}}, nil
}

func (w wmsFake) CancelOrders(ctx context.Context, _ ...grpc.CallOption) (grpc.BidiStreamingClient[wmsv1.CancelOrdersRequest, wmsv1.CancelOrdersResponse], error) {
	return w.stream(ctx), nil
}

// noJobs drops successors: the test runs the next chunk itself.
type noJobs struct{}

func (noJobs) insertTx(context.Context, pgx.Tx, river.JobArgs) error { return nil }
func (noJobs) insert(context.Context, river.JobArgs) error           { return nil }
func (noJobs) insertOnce(context.Context, river.JobArgs, time.Duration) error {
	return nil
}

// bench does runs over books of the test's own, on a real ledger.
type bench struct {
	*testing.T
	books *books
	store *store.Store
	pool  *pgxpool.Pool
	p     *runJob
	clock time.Time
}

func setup(t *testing.T) *bench {
	t.Helper()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	b := &bench{T: t, store: store.New(pool), pool: pool, clock: time.Now().Add(-3 * time.Hour).Truncate(time.Second)}
	b.books = &books{clock: &b.clock, bills: map[int64]*kingdeev1.AssemblyBill{}, hidden: map[int64]bool{}}
	b.load("h1")
	return b
}

// load is an orchestrator's start with a scheme file of this content hash.
func (b *bench) load(hash string) {
	schemes, err := scheme.Shipped()
	require.NoError(b, err)
	revisions, err := b.store.SyncSchemes(b.Context(), []store.SchemeFile{{
		Scheme: schemes[0].Name, Title: "t", FormID: schemes[0].Form, DataCenterID: schemes[0].DataCenter, Accounts: schemes[0].Accounts(),
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: hash, Document: "d",
	}})
	require.NoError(b, err)
	logger := slog.New(slog.NewTextHandler(b.Output(), nil))
	b.p = &runJob{store: b.store, kingdee: b.books, wms: wmsFake{}, registry: newRegistry(schemes, revisions), visibility: newVisibility(), insert: noJobs{}, logger: logger, now: func() time.Time { return b.clock }}
}

func (b *bench) run() {
	b.Helper()
	require.NoError(b, b.p.run(b.Context(), runArgs{Scheme: "assembly-void", Asked: true}))
}

func (b *bench) text(sql string) (out string) {
	b.Helper()
	require.NoError(b, b.pool.QueryRow(b.Context(), sql).Scan(&out))
	return out
}

// acts does acts of persons, each as a call of its own.
func (b *bench) acts() acttest.Acts { return acttest.New(b.pool) }
