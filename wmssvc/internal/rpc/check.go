package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// checkWithin bounds the harmless call of CheckConnection.
const checkWithin = 10 * time.Second

// CheckConnection makes the harmless call and says what came of it.
func (s *Service) CheckConnection(
	ctx context.Context, request *wmsv1.CheckConnectionRequest,
) (*wmsv1.CheckConnectionResponse, error) {
	if fault := s.enter(); fault != nil {
		return nil, fault.err()
	}
	defer s.leave()
	if err := s.validator.Validate(request); err != nil {
		return nil, violated(err).err()
	}
	a, fault := s.find(request.GetAccount())
	if fault != nil {
		return nil, fault.err()
	}
	result, err := a.Probe(ctx, checkWithin)
	if err != nil {
		return nil, callerGone(err)
	}
	said, _ := tell(a)
	answer := &wmsv1.CheckConnectionResponse{
		Account: said, VendorTime: toTimestamp(result.VendorTime()), ServiceTime: timestamppb.New(s.now()),
		Disposition: dispositions[result.Disposition],
		VendorCode:  boundedText(result.Answer.Code), VendorMessage: boundedText(result.Answer.Message),
		Detail:       printable(result.Detail),
		UnknownCause: causes[result.Cause], AccountFault: accountFaults[result.Fault],
		NotSentCause: notSentCause(&result),
	}
	if result.RetryAfter > 0 {
		answer.RetryAfter = durationpb.New(result.RetryAfter)
	}
	return answer, nil
}
