package wmssvc_test

import (
	"errors"
	"io"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

func TestCancelOrderSendsOneSignedDocument(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	_, client := start(t, configFor(wms.URL))

	before := time.Now()
	result := cancelOne(t, client, order(7))
	require.Equal(t, wmsv1.Disposition_DISPOSITION_CANCELLED, result.GetDisposition())
	require.True(t, result.GetRecognised())
	require.EqualValues(t, 7, result.GetCancellationId())
	require.EqualValues(t, 1, result.GetAttempt())
	require.Equal(t, "success", result.GetVendorFlag())
	require.Equal(t, "0", result.GetVendorCode())
	require.Equal(t, "旺店通WMS返回：取消成功", result.GetVendorMessage())
	require.Equal(t, answerDone, string(result.GetReply()))
	require.EqualValues(t, 200, result.GetHttpStatus())
	require.Equal(t, "3", result.GetDictionaryVersion())
	require.False(t, result.GetCancelReasonCut())
	require.False(t, result.GetSendTime().AsTime().Before(before))
	require.False(t, result.GetReplyTime().AsTime().Before(result.GetSendTime().AsTime()))

	requests := wms.seen()
	require.Len(t, requests, 1)
	const body = `<request><warehouseCode>CK001</warehouseCode><orderCode>ZZCX000123</orderCode><orderType>` +
		`QTRK</orderType><cancelReason>金蝶作废</cancelReason></request>`
	require.Equal(t, body, requests[0].body)
	query := url.Values(requests[0].query)
	require.Equal(t, "WDT_WMS_ORDER_CANCEL", query.Get("method"))
	require.Equal(t, "testappkey", query.Get("appkey"))
	require.Equal(t, "testsid", query.Get("sid"))
	require.Len(t, query.Get("sign"), 32)
	china, err := time.ParseInLocation("2006-01-02 15:04:05", query.Get("timestamp"), time.FixedZone("", 8*3600))
	require.NoError(t, err)
	require.Less(t, time.Since(china).Abs(), time.Minute)

	evidence := string(result.GetRequest())
	require.Contains(t, evidence, "appkey=***&")
	require.Contains(t, evidence, "&sign=***\n\n"+body)
	require.NotContains(t, evidence, "testappkey")
	require.NotContains(t, evidence, "testsecret")
	require.NotContains(t, evidence, query.Get("sign"))
}

func TestCancelOrderRefusesWhatBreaksARule(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	_, client := start(t, configFor(wms.URL))
	for _, c := range []struct {
		name   string
		spoil  func(*wmsv1.Order)
		code   codes.Code
		reason wmsv1.ErrorReason
		meta   map[string]string
	}{
		{
			"no warehouse", func(o *wmsv1.Order) { o.WarehouseCode = "" }, codes.InvalidArgument,
			wmsv1.ErrorReason_ERROR_REASON_REQUEST_INVALID, map[string]string{"field": "warehouse_code"},
		},
		{
			"no deadline", func(o *wmsv1.Order) { o.SendBefore = nil }, codes.InvalidArgument,
			wmsv1.ErrorReason_ERROR_REASON_REQUEST_INVALID, map[string]string{"field": "send_before"},
		},
		{
			"no such account", func(o *wmsv1.Order) { o.Account = "x" }, codes.NotFound,
			wmsv1.ErrorReason_ERROR_REASON_ACCOUNT_UNKNOWN, map[string]string{"account": "x"},
		},
		{
			"forbidden character", func(o *wmsv1.Order) { o.CancelReason = "a\x01" }, codes.InvalidArgument,
			wmsv1.ErrorReason_ERROR_REASON_CHARACTER_FORBIDDEN, map[string]string{"field": "cancel_reason"},
		},
		{
			"forbidden character in a property",
			func(o *wmsv1.Order) { o.ExtendProps = map[string]string{"k": "\x01"} }, codes.InvalidArgument,
			wmsv1.ErrorReason_ERROR_REASON_CHARACTER_FORBIDDEN, map[string]string{"field": "extend_props"},
		},
		{
			"unlisted order type", func(o *wmsv1.Order) { o.OrderType = "CNJG" }, codes.InvalidArgument,
			wmsv1.ErrorReason_ERROR_REASON_ORDER_TYPE_UNKNOWN, map[string]string{"order_type": "CNJG"},
		},
		{
			"a field that the dialect lacks", func(o *wmsv1.Order) { o.OwnerCode = "HZ" }, codes.InvalidArgument,
			wmsv1.ErrorReason_ERROR_REASON_REQUEST_INVALID, map[string]string{"field": "owner_code"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{Order: order(1, c.spoil)})
			require.Equal(t, c.code, status.Code(err))
			require.True(t, apierr.HasReason(err, apierr.WMS, c.reason), "%v", err)
			require.Equal(t, c.meta, apierr.Info(err, apierr.WMS).GetMetadata())
		})
	}
	_, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{})
	require.True(t, apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_REQUEST_INVALID))
	require.Empty(t, wms.seen(), "nothing was sent")
}

func TestExtraOrderTypesAreAccepted(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	cfg := configFor(wms.URL)
	cfg.Accounts[0].ExtraOrderTypes = []string{"CNJG"}
	_, client := start(t, cfg)
	result := cancelOne(t, client, order(1, func(o *wmsv1.Order) { o.OrderType = "CNJG" }))
	require.Equal(t, wmsv1.Disposition_DISPOSITION_CANCELLED, result.GetDisposition())
}

func TestNothingIsSentAfterSendBefore(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	_, client := start(t, configFor(wms.URL))
	result := cancelOne(t, client,
		order(1, func(o *wmsv1.Order) { o.SendBefore = timestamppb.New(time.Now().Add(-time.Millisecond)) }))
	require.Equal(t, wmsv1.Disposition_DISPOSITION_NOT_SENT, result.GetDisposition())
	require.NotEmpty(t, result.GetDetail())
	require.Equal(t, wmsv1.NotSentCause_NOT_SENT_CAUSE_UNSPECIFIED, result.GetNotSentCause(), "the WMS is there")
	require.Nil(t, result.GetSendTime())
	require.Empty(t, wms.seen())
}

func TestCancelOrdersAnnouncesThenAnswersEachByItsKey(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	_, client := start(t, configFor(wms.URL))
	stream, err := client.CancelOrders(t.Context())
	require.NoError(t, err)

	frame, err := stream.Recv()
	require.NoError(t, err)
	window := frame.GetWindow()
	require.Equal(t, "default", window.GetAccount().GetName())
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, window.GetAccount().GetEnvironment())
	require.Equal(t, "wdt", window.GetAccount().GetDialect())
	require.Equal(t, "testsid", window.GetAccount().GetSid())
	require.EqualValues(t, 64, window.GetInFlight())
	require.Zero(t, window.GetPerSecond())
	require.Less(t, time.Since(window.GetServiceTime().AsTime()).Abs(), 10*time.Second)

	const items = 500
	go func() {
		for id := int64(1); id <= items; id++ {
			o := order(id)
			if id%100 == 0 {
				o.OrderType = "??"
			}
			if stream.Send(&wmsv1.CancelOrdersRequest{Order: o}) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	}()
	results, refusals := map[int64]bool{}, map[int64]bool{}
	for {
		frame, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if r := frame.GetRefusal(); r != nil {
			require.Equal(t, wmsv1.ErrorReason_ERROR_REASON_REQUEST_INVALID, r.GetReason())
			require.Equal(t, "order_type", r.GetField())
			require.False(t, refusals[r.GetCancellationId()])
			refusals[r.GetCancellationId()] = true
			continue
		}
		r := frame.GetResult()
		require.Equal(t, wmsv1.Disposition_DISPOSITION_CANCELLED, r.GetDisposition())
		require.False(t, results[r.GetCancellationId()], "answered twice")
		results[r.GetCancellationId()] = true
	}
	require.Len(t, results, items-items/100)
	require.Len(t, refusals, items/100)
	require.Len(t, wms.seen(), items-items/100)
}

func TestCheckConnectionSaysWhoAnswers(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	_, client := start(t, configFor(wms.URL))
	response, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{})
	require.NoError(t, err)
	require.Equal(t, wmsv1.Disposition_DISPOSITION_NOT_FOUND, response.GetDisposition())
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, response.GetAccount().GetEnvironment())
	require.Less(t, time.Since(response.GetVendorTime().AsTime()).Abs(), 5*time.Second)
	require.Less(t, time.Since(response.GetServiceTime().AsTime()).Abs(), 5*time.Second)
	require.Equal(t, "旺店通WMS返回：单据不存在", response.GetVendorMessage())
	require.Empty(t, wms.seen())
}
