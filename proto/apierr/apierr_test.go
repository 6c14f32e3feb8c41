package apierr_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func TestAnErrorSurvivesTheWire(t *testing.T) {
	t.Parallel()
	err := apierr.Error{
		Code: codes.ResourceExhausted, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_RATE_LIMITED,
		Message: "slow down", Metadata: map[string]string{"vendor_code": "14"}, RetryAfter: 3 * time.Second,
	}.Err()
	err = fmt.Errorf("read states: %w", err)

	info := apierr.Info(err, apierr.Kingdee)
	require.NotNil(t, info)
	require.Equal(t, "RATE_LIMITED", info.GetReason())
	require.Equal(t, "14", info.GetMetadata()["vendor_code"])
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, 3*time.Second, apierr.RetryAfter(err))
	require.True(t, apierr.HasReason(err, apierr.Kingdee, kingdeev1.ErrorReason_ERROR_REASON_RATE_LIMITED))
}

func TestABareTransportErrorIsNotOurs(t *testing.T) {
	t.Parallel()
	bare := status.Error(codes.Unavailable, "error reading from server: EOF")
	require.Nil(t, apierr.Info(bare, apierr.WMS), "a peer that died must never read as its word that nothing happened")
	require.Nil(t, apierr.Info(fmt.Errorf("plain"), apierr.WMS))
	require.Zero(t, apierr.RetryAfter(bare))
}
