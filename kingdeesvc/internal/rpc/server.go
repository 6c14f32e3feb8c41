package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/bills"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/checkup"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Service implements kingdee.v1.BillService.
type Service struct {
	kingdeev1.UnimplementedBillServiceServer

	client *kingdee.Client
	bills  *bills.Readers
	doctor *checkup.Examiner
	place  Place
	// ping is the form that a call without a form asks for, because it is cheap.
	ping string
	now  func() time.Time
}

// Place is what the settings say about the account; the rest the login says.
type Place struct {
	DataCenterID string
	UserName     string
	ZoneName     string
	Zone         *time.Location
}

// NewService builds the service. ping is a form that the user may read.
func NewService(
	client *kingdee.Client, readers *bills.Readers, doctor *checkup.Examiner, place Place, ping string,
	now func() time.Time,
) *Service {
	return &Service{client: client, bills: readers, doctor: doctor, place: place, ping: ping, now: now}
}

// defaultLimit is the rows of a query that names no limit: what Kingdee itself takes.
const defaultLimit = 2000

// ExecuteBillQuery implements BillService.
func (s *Service) ExecuteBillQuery(
	ctx context.Context, req *kingdeev1.ExecuteBillQueryRequest,
) (*kingdeev1.ExecuteBillQueryResponse, error) {
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = defaultLimit
	}
	table, err := s.client.Query(ctx, kingdee.Query{
		FormID: req.GetFormId(), FieldKeys: req.GetFieldKeys(),
		Filter: req.GetFilterString(), Order: req.GetOrderString(),
		TopRows: int(req.GetTopRowCount()), StartRow: int(req.GetStartRow()), Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	rows, err := tableRows(table, req.GetFieldKeys())
	if err != nil {
		return nil, err
	}
	return &kingdeev1.ExecuteBillQueryResponse{Rows: rows, QueryLeftTime: timestamppb.New(table.Meta.Left)}, nil
}

// StreamBills implements BillService.
func (s *Service) StreamBills(req *kingdeev1.StreamBillsRequest, stream kingdeev1.BillService_StreamBillsServer) error {
	ctx := kingdee.WithFlow(stream.Context())
	selected, err := s.selected(req)
	if err != nil {
		return err
	}
	header, err := s.begin(ctx, req.GetFormId(), selected.MidnightEdges)
	if err != nil {
		return err
	}
	frames := billFrames{stream: stream}
	if err := frames.header(header); err != nil {
		return err
	}
	if err := selected.Bills(ctx, frames.page); err != nil {
		return err
	}
	return frames.summary()
}

// StreamBillStates implements BillService.
func (s *Service) StreamBillStates(
	req *kingdeev1.StreamBillStatesRequest, stream kingdeev1.BillService_StreamBillStatesServer,
) error {
	ctx := kingdee.WithFlow(stream.Context())
	selected, err := s.selected(req)
	if err != nil {
		return err
	}
	header, err := s.begin(ctx, req.GetFormId(), selected.MidnightEdges)
	if err != nil {
		return err
	}
	frames := stateFrames{stream: stream}
	if err := frames.header(header); err != nil {
		return err
	}
	if err := selected.States(ctx, frames.page); err != nil {
		return err
	}
	return frames.summary()
}

// GetBill implements BillService.
func (s *Service) GetBill(ctx context.Context, req *kingdeev1.GetBillRequest) (*kingdeev1.GetBillResponse, error) {
	reading, err := s.reading(req)
	if err != nil {
		return nil, err
	}
	bill, left, err := reading.Get(ctx, req.GetId())
	if err != nil {
		return nil, &aboutBill{id: req.GetId(), err: err}
	}
	return &kingdeev1.GetBillResponse{Bill: bill, QueryLeftTime: timestamppb.New(left)}, nil
}

// reading is what a request reads of its form.
func (s *Service) reading(req asking) (*bills.Reading, error) {
	reader, err := s.bills.Of(req.GetFormId())
	if err != nil {
		return nil, err
	}
	return reader.Read(options(req))
}

func (s *Service) selected(req selecting) (*bills.Selected, error) {
	reading, err := s.reading(req)
	if err != nil {
		return nil, err
	}
	return reading.Select(selection(req))
}

// CheckConnection implements BillService.
func (s *Service) CheckConnection(
	ctx context.Context, req *kingdeev1.CheckConnectionRequest,
) (*kingdeev1.CheckConnectionResponse, error) {
	var findings []*kingdeev1.CheckFinding
	if req.GetThorough() {
		options := checkup.Options{Organizations: req.GetOrganizationNumbers()}
		for _, f := range req.GetForms() {
			options.Forms = append(options.Forms, checkup.Asked{ID: f.GetFormId(), Keys: f.GetKeys()})
		}
		found, err := s.doctor.Examine(ctx, options)
		if err != nil {
			return nil, &bills.InvalidRequest{Field: "forms", Reason: err}
		}
		findings = checkFindings(found)
	}
	header, err := s.header(ctx, s.ping, nil)
	if err != nil && len(findings) > 0 && ctx.Err() == nil {
		// Nothing was answered that could tell what Kingdee is: a real server is not to be read out of that.
		account := s.account(false)
		account.Environment = kingdeev1.Environment_ENVIRONMENT_UNSPECIFIED
		return &kingdeev1.CheckConnectionResponse{
			Account: account, ServiceTime: timestamppb.New(s.now()), Findings: findings,
		}, nil
	}
	if err != nil {
		return nil, err
	}
	return &kingdeev1.CheckConnectionResponse{
		Findings:       findings,
		Account:        header.GetAccount(),
		VendorTime:     header.GetVendorTime(),
		VendorTimeNote: header.GetVendorTimeNote(),
		ServiceTime:    header.GetServiceTime(),
		VendorVersion:  s.client.Login().Version,
	}, nil
}

// headerAge is how old an answer may be whose clock and place a stream's header repeats. A server that takes half a
// minute for each answer is asked for one less.
const headerAge = time.Minute

// begin is the header of a stream.
func (s *Service) begin(ctx context.Context, formID string, midnightEdges []string) (*kingdeev1.StreamHeader, error) {
	if meta, ok := s.client.Recent(headerAge); ok {
		return s.headerOf(meta, formID, midnightEdges), nil
	}
	return s.header(ctx, formID, midnightEdges)
}

// header makes the cheap call whose Date is the vendor's clock.
func (s *Service) header(ctx context.Context, formID string, midnightEdges []string) (*kingdeev1.StreamHeader, error) {
	meta, err := s.client.Ping(ctx, formID)
	if err != nil {
		return nil, err
	}
	return s.headerOf(meta, formID, midnightEdges), nil
}

func (s *Service) headerOf(meta kingdee.Meta, formID string, midnightEdges []string) *kingdeev1.StreamHeader {
	header := &kingdeev1.StreamHeader{
		VendorTimeNote: meta.DateNote,
		ServiceTime:    timestamppb.New(s.now()),
		Account:        s.account(meta.Sandbox),
		MidnightEdges:  midnightEdges,
		FormId:         formID,
	}
	if !meta.Date.IsZero() {
		header.VendorTime = timestamppb.New(meta.Date)
	}
	return header
}

func (s *Service) account(sandbox bool) *kingdeev1.Account {
	login := s.client.Login()
	_, offset := s.now().In(s.place.Zone).Zone()
	account := &kingdeev1.Account{
		DataCenterId:     s.place.DataCenterID,
		DataCenterName:   login.DataCenterName,
		UserName:         s.place.UserName,
		TimeZone:         s.place.ZoneName,
		UtcOffsetSeconds: int32(offset), //nolint:gosec // a zone is hours from UTC
		Environment:      kingdeev1.Environment_ENVIRONMENT_REAL,
		ReadTimeZone:     s.client.Zone().String(),
	}
	if login.DataCenterID != "" {
		account.DataCenterId = login.DataCenterID
	}
	if login.UserName != "" {
		account.UserName = login.UserName
	}
	if login.HasOffset {
		seconds := int32(login.UTCOffset / time.Second) //nolint:gosec // checked when the login was read
		account.LoginUtcOffsetSeconds = &seconds
	}
	if sandbox {
		account.Environment = kingdeev1.Environment_ENVIRONMENT_SANDBOX
	}
	return account
}
