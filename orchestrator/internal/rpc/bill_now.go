package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	// askLimit is how long an answer of Kingdee is waited for; the rest of the call's time is ours.
	askLimit = 20 * time.Second
	// asksAtOnce bounds what people ask of Kingdee beside what the runs ask; who comes later waits within askLimit.
	asksAtOnce = 4
)

// KingdeeNow reads Kingdee for a person.
type KingdeeNow interface {
	// BillsNow answers what Kingdee shows now of a number. ledger.ErrNotFound for a scheme that this host does not
	// have, ledger.ErrStopped where the books are not the scheme's own, KingdeeError for any other end of the read.
	BillsNow(ctx context.Context, scheme, billNo string) (BillsNow, error)
}

// BillsNow is what Kingdee shows of a number.
type BillsNow struct {
	// Read is the moment before the query left.
	Read  time.Time
	Bills []BillNow
}

// BillNow is one bill as Kingdee shows it.
type BillNow struct {
	rule.State
	// Problem says why it cannot be decoded; else empty.
	Problem string
}

// KingdeeError says that Kingdee could not be asked.
type KingdeeError struct {
	// Reason is that of the adapter's error; empty where it wrote none.
	Reason string
	Cause  error
}

func (e *KingdeeError) Error() string {
	return fmt.Sprintf("Kingdee could not be asked, and nothing is known of now (金蝶现在无法查询): %v", e.Cause)
}

func (e *KingdeeError) Unwrap() error { return e.Cause }

// ReadBillNow asks Kingdee.
func (s *billService) ReadBillNow(
	ctx context.Context, req *orchestratorv1.ReadBillNowRequest,
) (*orchestratorv1.ReadBillNowResponse, error) {
	if err := knownScheme(ctx, s.schemes, req.GetScheme()); err != nil {
		return nil, err
	}
	shown, err := s.askNow(ctx, req)
	if ctx.Err() != nil {
		return nil, ctx.Err() // whatever else it was, it came of that
	}
	if err != nil {
		return nil, schemeFault(err, req)
	}
	slices.SortFunc(shown.Bills, func(a, b BillNow) int { return cmp.Compare(a.ID, b.ID) })
	return &orchestratorv1.ReadBillNowResponse{ReadTime: stamp(shown.Read), Bills: each(shown.Bills, billNow)}, nil
}

// askNow waits for its turn and for Kingdee, for askLimit in all.
func (s *billService) askNow(ctx context.Context, req *orchestratorv1.ReadBillNowRequest) (BillsNow, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return BillsNow{}, &KingdeeError{Cause: fmt.Errorf("others ask, too: %w", ctx.Err())}
	}
	shown, err := s.kingdee.BillsNow(ctx, req.GetScheme(), req.GetBillNo())
	if err != nil && !errors.Is(err, ledger.ErrNotFound) && !errors.Is(err, ledger.ErrStopped) && ctx.Err() != nil {
		err = &KingdeeError{Cause: ctx.Err()}
	}
	return shown, err
}

func billNow(b BillNow) *orchestratorv1.BillNow {
	bill := &orchestratorv1.BillNow{
		BillId: b.ID, BillNo: b.Number, StockOrgNumber: b.Org, BillKind: b.Kind, DocumentStatus: b.DocumentStatus,
		CancelStatus: b.CancelStatus, CreateTime: stamp(b.CreateTime), ModifyTime: stamp(b.ModifyTime),
		ApproveTime: stamp(b.ApproveTime), CancelTime: stamp(b.CancelTime), Problem: b.Problem,
	}
	switch {
	case b.Problem != "":
		bill.Text, bill.TextEn = "无法识别", "cannot be decoded"
	case b.Closed:
		bill.Text, bill.TextEn = "已关闭", "closed"
	case b.Voided():
		bill.Text, bill.TextEn = "已作废", "voided"
	case b.Live():
		bill.Text, bill.TextEn = "有效", "live"
	default:
		bill.Text, bill.TextEn = "未审核", "not audited"
	}
	return bill
}
