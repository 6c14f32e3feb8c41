package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/finding"
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
		NotSentCause: notSentCause(&result), Findings: findings(a, &result),
	}
	if result.RetryAfter > 0 {
		answer.RetryAfter = durationpb.New(result.RetryAfter)
	}
	return answer, nil
}

// findings put the answer into words for people.
func findings(a *account.Account, r *account.Result) []*wmsv1.CheckFinding {
	return []*wmsv1.CheckFinding{
		toFinding("account", finding.Of(r), wmsv1.CheckResult_CHECK_RESULT_FAILED),
		toFinding("tls", finding.TransportOf(a, r), wmsv1.CheckResult_CHECK_RESULT_WARNING),
	}
}

// toFinding translates a finding; bad is what an unsound one is.
func toFinding(id string, f finding.Finding, bad wmsv1.CheckResult) *wmsv1.CheckFinding {
	out := &wmsv1.CheckFinding{
		Id: id, Result: wmsv1.CheckResult_CHECK_RESULT_OK, FoundZh: printable(f.ZH), FoundEn: printable(f.EN),
	}
	if !f.Sound {
		out.Result, out.AdviceZh, out.AdviceEn = bad, f.AdviceZH, f.AdviceEN
	}
	return out
}
