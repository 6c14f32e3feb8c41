package wmssvc_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

const trace = "4bf92f3577b34da6a3ce929d0e0e4736"

func TestTraceIDFromTraceparent(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	cfg := configFor(wms.URL)
	unlimited := 0.0
	cfg.Accounts[0].Rate = &unlimited
	_, client := start(t, cfg)
	for name, c := range map[string]struct {
		parents []string
		want    string
	}{
		"none":                     {nil, ""},
		"valid":                    {[]string{"00-" + trace + "-00f067aa0ba902b7-01"}, trace},
		"not sampled":              {[]string{"00-" + trace + "-00f067aa0ba902b7-00"}, trace},
		"a later version":          {[]string{"cc-" + trace + "-00f067aa0ba902b7-01-what-comes"}, trace},
		"the forbidden version":    {[]string{"ff-" + trace + "-00f067aa0ba902b7-01"}, ""},
		"too much for its version": {[]string{"00-" + trace + "-00f067aa0ba902b7-01-x"}, ""},
		"upper case":               {[]string{"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}, ""},
		"zero trace":               {[]string{"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, ""},
		"zero parent":              {[]string{"00-" + trace + "-0000000000000000-01"}, ""},
		"too short":                {[]string{"00-" + trace}, ""},
		"two of them": {
			[]string{"00-" + trace + "-00f067aa0ba902b7-01", "00-" + trace + "-00f067aa0ba902b7-01"}, "",
		},
		"something else": {[]string{"<response>"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			for _, parent := range c.parents {
				ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", parent)
			}
			response, err := client.CancelOrder(ctx, &wmsv1.CancelOrderRequest{Order: order(1)})
			require.NoError(t, err)
			require.Equal(t, c.want, response.GetResult().GetTraceId())

			stream, _ := open(t, ctx, client)
			send(t, stream, 1)
			frame, err := stream.Recv()
			require.NoError(t, err)
			require.Equal(t, c.want, frame.GetResult().GetTraceId())
		})
	}
}

// Whoever finds a trace finds our lines of it.
func TestTraceIDIsLogged(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	var lines lockedBuffer
	server, err := wmssvc.Start(t.Context(), configFor(wms.URL), telemetry.NewLogger(&lines, slog.LevelDebug))
	require.NoError(t, err)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	_, err = dial(t, server.Addr()).CancelOrder(ctx, &wmsv1.CancelOrderRequest{Order: order(7)})
	require.NoError(t, err)
	require.NoError(t, server.Stop(context.Background()))
	require.Regexp(t, `"bill_no":"ZZCX000123","cancellation_id":7,"attempt":1,"disposition":"cancelled",`+
		`"http_status":200,.*"trace_id":"`+trace+`"`, lines.String())
}

// A stream carries orders of many traces: each order's own goes before the call's.
func TestAnOrdersOwnTraceGoesBeforeTheCalls(t *testing.T) {
	const own = "0af7651916cd43dd8448eb211c80319c"
	wms := newVendor(t, always(answerDone))
	_, client := start(t, configFor(wms.URL))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	for said, want := range map[string]string{"00-" + own + "-b7ad6b7169203331-01": own, "": trace, "nonsense": trace} {
		response, err := client.CancelOrder(ctx,
			&wmsv1.CancelOrderRequest{Order: order(1, func(o *wmsv1.Order) { o.Traceparent = said })})
		require.NoError(t, err)
		require.Equal(t, want, response.GetResult().GetTraceId())
	}
}

// A throttled caller of one is told when to come back in the result, and where grpc clients look for it.
func TestRetryInfo(t *testing.T) {
	t.Parallel()
	wms := newVendor(t,
		always("<response><flag>failure</flag><code>100</code><message>超过每分钟最大调用频率限制</message></response>"))
	_, client := start(t, configFor(wms.URL))
	advised := func(id int64) (wmsv1.Disposition, time.Duration) {
		var trailer metadata.MD
		response, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{Order: order(id, hurried)},
			grpc.Trailer(&trailer))
		require.NoError(t, err)
		values := trailer.Get("google.rpc.RetryInfo-bin")
		require.Len(t, values, 1)
		var info errdetails.RetryInfo
		require.NoError(t, proto.Unmarshal([]byte(values[0]), &info))
		require.Equal(t, response.GetResult().GetRetryAfter().AsDuration(), info.GetRetryDelay().AsDuration())
		return response.GetResult().GetDisposition(), info.GetRetryDelay().AsDuration()
	}
	disposition, after := advised(1)
	require.Equal(t, throttled, disposition)
	require.Equal(t, 5*time.Second, after)
	disposition, after = advised(2)
	require.Equal(t, notSent, disposition, "nothing is sent while the account rests")
	require.InDelta(t, 5, after.Seconds(), 5)
	require.Len(t, wms.seen(), 1)

	fine := newVendor(t, always(answerDone))
	_, client = start(t, configFor(fine.URL))
	var trailer metadata.MD
	_, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{Order: order(1)}, grpc.Trailer(&trailer))
	require.NoError(t, err)
	require.Empty(t, trailer.Get("google.rpc.RetryInfo-bin"))
}
