package kingdeesvc_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// requireError asserts code, reason and metadata pairs.
func requireError(t *testing.T, err error, code codes.Code, reason protoreflect.Enum, metadata ...string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, status.Code(err), "%v", err)
	info := apierr.Info(err, apierr.Kingdee)
	require.NotNil(t, info, "every error carries an ErrorInfo: %v", err)
	require.Equal(t, apierr.ReasonName(reason), info.GetReason())
	for i := 0; i < len(metadata); i += 2 {
		require.Equal(t, metadata[i+1], info.GetMetadata()[metadata[i]], metadata[i])
	}
}

func TestExecuteBillQueryPassesCellsThrough(t *testing.T) {
	b := setup(t, nil, nil)
	bill, err := b.vendor.Create(t.Context(), books.Bill{
		BillNo: "Q-1", AffairType: books.Assembly, StockOrg: "100", Fee: "52.5", Note: "登录 Result",
		Lines: []books.Line{{Goods: books.Goods{Material: "M001", Qty: "2", Stock: "CK001"}}},
	})
	require.NoError(t, err)
	got, err := b.client.ExecuteBillQuery(t.Context(), &kingdeev1.ExecuteBillQueryRequest{
		FormId: "STK_AssembledApp", FieldKeys: []string{"FBillNo", "FEE", "FNote", "FCANCELDATE", "F_PAEZ_PUSHED"},
		FilterString: "FBillNo = 'Q-1'", OrderString: "FID ASC",
	})
	require.NoError(t, err)
	require.Len(t, got.GetRows(), 1)
	want := &kingdeev1.Row{Cells: []*kingdeev1.Cell{
		{Kind: &kingdeev1.Cell_Text{Text: bill.BillNo}},
		{Kind: &kingdeev1.Cell_Number{Number: "52.5"}},
		{Kind: &kingdeev1.Cell_Text{Text: "登录 Result"}},
		{},
		{Kind: &kingdeev1.Cell_Boolean{Boolean: false}},
	}}
	require.Empty(t, cmp.Diff(want, got.GetRows()[0], protocmp.Transform()))
	require.True(t, got.GetQueryLeftTime().IsValid())
}

func TestWrongQueriesAreTheCallersMistakes(t *testing.T) {
	b := setup(t, nil, nil)
	for name, c := range map[string]struct {
		req    *kingdeev1.ExecuteBillQueryRequest
		reason kingdeev1.ErrorReason
		meta   []string
	}{
		"key": {
			&kingdeev1.ExecuteBillQueryRequest{FormId: "STK_AssembledApp", FieldKeys: []string{"FNope"}},
			kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, []string{"field", "FNope"},
		},
		"alias": {
			&kingdeev1.ExecuteBillQueryRequest{FormId: "STK_AssembledApp", FieldKeys: []string{"FStockOrgId_FNumber"}},
			kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, []string{"field", "FStockOrgId_FNumber"},
		},
		"form": {
			&kingdeev1.ExecuteBillQueryRequest{FormId: "STK_Nope", FieldKeys: []string{"FID"}},
			kingdeev1.ErrorReason_ERROR_REASON_FORM_UNKNOWN, nil,
		},
		"filter": {&kingdeev1.ExecuteBillQueryRequest{
			FormId: "STK_AssembledApp", FieldKeys: []string{"FID"}, FilterString: "FID >",
		}, kingdeev1.ErrorReason_ERROR_REASON_FILTER_INVALID, []string{"field", "filter_string"}},
		"rule": {
			&kingdeev1.ExecuteBillQueryRequest{FormId: "STK_AssembledApp", FieldKeys: []string{"F ID"}},
			kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID, []string{"field", "field_keys[0]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.client.ExecuteBillQuery(t.Context(), c.req)
			requireError(t, err, codes.InvalidArgument, c.reason, c.meta...)
		})
	}
	_, err := b.tryBills(t, &kingdeev1.StreamBillsRequest{})
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID,
		"field", "selection")
}

func TestGetBillTellsGoneFromNotShown(t *testing.T) {
	b := setup(t, nil, nil)
	goods := []books.Line{{
		Goods:      books.Goods{Material: "M001", Qty: "2", Stock: "CK001"},
		Components: []books.Component{{Goods: books.Goods{Material: "M002", Qty: "1", Stock: "CK003"}}},
	}}
	shown, err := b.vendor.Create(t.Context(), books.Bill{AffairType: books.Dassembly, StockOrg: "100", Lines: goods})
	require.NoError(t, err)
	deleted, err := b.vendor.Create(t.Context(), books.Bill{AffairType: books.Assembly, StockOrg: "100", Lines: goods})
	require.NoError(t, err)
	_, err = b.vendor.Delete(t.Context(), deleted.BillNo)
	require.NoError(t, err)
	broken, err := b.vendor.Create(t.Context(), books.Bill{AffairType: books.Assembly, StockOrg: "100", Lines: goods})
	require.NoError(t, err)
	require.NoError(t, b.vendor.Damage(behaviour.Damage{Bill: broken.BillNo, NullFields: []string{"FCancelStatus"}}))

	got, err := b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{
		FormId: formID, Id: shown.ID, FurtherEntities: []string{"FSubEntity"},
	})
	require.NoError(t, err)
	sameBill(t, shown, got.GetBill())

	_, err = b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: formID, Id: deleted.ID})
	requireError(t, err, codes.NotFound, kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND, "bill_id",
		idText(deleted.ID), "vendor_code", "10")

	_, err = b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: formID, Id: broken.ID})
	requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_BILL_UNDECODABLE, "bill_id",
		idText(broken.ID), "field", "FCANCELSTATUS")

	b.vendor.SetPersonality(behaviour.Personality{HiddenOrgs: []string{"100"}})
	_, err = b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: formID, Id: shown.ID})
	requireError(t, err, codes.PermissionDenied, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_PERMISSION, "bill_id",
		idText(shown.ID), "vendor_code", "2")
}

func TestCheckConnection(t *testing.T) {
	b := setup(t, nil, nil)
	got, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)
	require.Equal(t, sandbox.DefaultAcctID, got.GetAccount().GetDataCenterId())
	require.Equal(t, sandbox.DefaultDataCenterName, got.GetAccount().GetDataCenterName())
	require.Equal(t, sandbox.DefaultUsername, got.GetAccount().GetUserName())
	require.Equal(t, "Asia/Shanghai", got.GetAccount().GetTimeZone())
	require.EqualValues(t, 28800, got.GetAccount().GetUtcOffsetSeconds())
	require.Equal(t, kingdeev1.Environment_ENVIRONMENT_SANDBOX, got.GetAccount().GetEnvironment())
	require.WithinDuration(t, got.GetServiceTime().AsTime(), got.GetVendorTime().AsTime(), 2e9)
}

func TestTheLoginsZoneWinsAndADifferenceIsReported(t *testing.T) {
	tokyo := time.FixedZone("+09:00", 9*3600)
	b := setup(t, nil, func(c *sandbox.Config) { c.TimeZone = tokyo })
	made, err := b.vendor.Create(t.Context(), books.Bill{AffairType: books.Assembly, StockOrg: "100",
		Lines: []books.Line{{Goods: books.Goods{Material: "M001", Qty: "2", Stock: "CK001"}}}})
	require.NoError(t, err)
	got := b.bills(t,
		&kingdeev1.StreamBillsRequest{FormId: formID, Selection: &kingdeev1.StreamBillsRequest_ChangedSince{
			ChangedSince: &kingdeev1.ChangedSince{Since: timestamppb.New(made.CreateDate.Add(-time.Second))},
		}})
	account := got.header.GetAccount()
	require.Equal(t, "Asia/Shanghai", account.GetTimeZone())
	require.EqualValues(t, 28800, account.GetUtcOffsetSeconds())
	require.EqualValues(t, 32400, account.GetLoginUtcOffsetSeconds())
	require.Equal(t, "+09:00", account.GetReadTimeZone())
	require.Len(t, got.bills, 1)
	require.WithinDuration(t, made.CreateDate, got.bills[0].GetCreateTime().AsTime(), time.Second)

	b.vendor.SetPersonality(behaviour.Personality{OmitTimeZone: true})
	b.vendor.ExpireSessions()
	seen, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)
	require.Nil(t, seen.GetAccount().LoginUtcOffsetSeconds)
	require.Equal(t, "Asia/Shanghai", seen.GetAccount().GetReadTimeZone())
}

func TestARefusedLoginIsNotLoopedOn(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_APP_SECRET": "wrong", noWait: "1"}, nil)
	for range 5 {
		_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED)
		require.Positive(t, apierr.RetryAfter(err))
		require.NotContains(t, err.Error(), "wrong")
	}
	require.Equal(t, 1, b.vendor.Calls()["loginbysign"])
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
}

func TestAVendorThatGoesAwayTurnsHealthRed(t *testing.T) {
	b := setup(t, nil, nil)
	require.NoError(t, b.vendor.Stop(t.Context()))
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE)
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
}

func TestPassingTroubleIsRepeatedAndHealthRecovers(t *testing.T) {
	b := setup(t, nil, nil)
	for name, fault := range map[string]behaviour.Fault{
		"exception":     behaviour.FailWith(behaviour.MsgException, 1),
		"database":      behaviour.FailWith(6, 2),
		"bad gateway":   {Status: 502, Count: 2},
		"cut before":    {Drop: behaviour.DropBefore, Count: 2},
		"cut after":     {Drop: behaviour.DropAfter},
		"half answered": {Drop: behaviour.DropInside},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, b.vendor.AddFault(fault))
			_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
			require.NoError(t, err)
		})
	}
	require.NoError(t, b.vendor.AddFault(behaviour.Fault{Status: 503, Count: 3}))
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE)
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	_, err = b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_SERVING)
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
