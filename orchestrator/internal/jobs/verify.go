package jobs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// verifyStore is what a verification asks of the ledger.
type verifyStore interface {
	LedgerHolders(ctx context.Context, ids []int64) (map[int64][]int64, error)
	StoreVerified(ctx context.Context, scheme string, verified []ledger.Verified, wait, limit time.Duration) error
}

// verifier looks at bills again before anything is sent for them.
type verifier struct {
	store   verifyStore
	kingdee kingdeev1.BillServiceClient
	logger  *slog.Logger
	now     func() time.Time
}

// verifyTimeout ends one fresh read.
const verifyTimeout = 10 * time.Second

// run reads the bills of these cancellations by id and by number, and those that the ledger knows as live holders of the number by
// id, and stores what that says of each debt. It answers the ids that still hold. A read that fails says nothing of anybody:
// nothing is sent, and no retry is used up.
func (v *verifier) run(ctx context.Context, e entry, mark *ledger.Mark, due []ledger.Due) (map[int64]time.Time, error) {
	ids := make([]int64, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	holders, err := v.store.LedgerHolders(ctx, ids)
	if err != nil {
		return nil, err
	}
	read, fault := v.read(ctx, e, mark, due, holders)
	var stop *stopError
	if errors.As(fault, &stop) {
		return nil, stop
	}
	if fault != nil {
		v.logger.WarnContext(ctx, "bills could not be verified; nothing is sent for them", slog.String("scheme", e.Name),
			slog.Int("cancellations", len(due)), slog.Any("err", fault))
	}
	verified := make([]ledger.Verified, len(due))
	holds := map[int64]time.Time{}
	for i, d := range due {
		verified[i] = ledger.Verified{ID: d.ID, Outcome: rule.Unread}
		if fault == nil {
			verified[i] = read.judge(d, holders[d.ID])
		}
		if verified[i].Outcome == rule.Holds {
			holds[d.ID] = verified[i].ReadTime
		}
	}
	timing := e.Timing()
	return holds, v.store.StoreVerified(ctx, e.Name, verified, timing.Backoff, timing.RetryFor)
}

// freshRead is what Kingdee shows at one moment.
type freshRead struct {
	byID map[int64]rule.State
	// byNumber has its keys in lower case: Kingdee's database may compare without case.
	byNumber map[string][]rule.State
	// unreadable are numbers that some bill carries which cannot be decoded: it may be live.
	unreadable map[string]bool
	// left is when the earliest of its queries left.
	left time.Time
}

func (f freshRead) judge(d ledger.Due, holders []int64) ledger.Verified {
	fresh := rule.FreshRead{ByNumber: f.byNumber[strings.ToLower(d.BillNo)], LedgerHolders: holders, HoldersRead: f.byID}
	if own, shown := f.byID[d.BillID]; shown {
		fresh.ByID = &own
	}
	outcome := rule.Verify(d.BillID, d.BillNo, fresh)
	if outcome == rule.Holds && f.unreadable[d.BillNo] {
		outcome = rule.Unread
	}
	return ledger.Verified{ID: d.ID, Outcome: outcome, ReadTime: f.left, Live: fresh.ByID != nil && fresh.ByID.Live()}
}

// read asks Kingdee by id and then by number. A bill that cannot be decoded is not shown.
func (v *verifier) read(ctx context.Context, e entry, mark *ledger.Mark, due []ledger.Due, holders map[int64][]int64) (freshRead, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	var ids []int64
	var numbers []string
	for _, d := range due {
		ids = append(ids, d.BillID)
		ids = append(ids, holders[d.ID]...)
		numbers = append(numbers, d.BillNo)
	}
	slices.Sort(ids)
	slices.Sort(numbers)
	fresh := freshRead{byID: map[int64]rule.State{}, byNumber: map[string][]rule.State{}, unreadable: map[string]bool{}}
	err := v.states(ctx, e, mark, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: slices.Compact(ids)}},
	}, &fresh, func(s rule.State) { fresh.byID[s.ID] = s })
	if err != nil {
		return fresh, err
	}
	err = v.states(ctx, e, mark, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Numbers{Numbers: &kingdeev1.BillNumbers{Numbers: slices.Compact(numbers)}},
	}, &fresh, func(s rule.State) {
		number := strings.ToLower(s.Number)
		fresh.byNumber[number] = append(fresh.byNumber[number], s)
	})
	return fresh, err
}

func (v *verifier) states(ctx context.Context, e entry, mark *ledger.Mark, request *kingdeev1.StreamBillStatesRequest, fresh *freshRead, each func(rule.State)) error {
	stream, err := v.kingdee.StreamBillStates(ctx, request)
	if err != nil {
		return err
	}
	complete := false
	for {
		frame, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && complete:
			return nil
		case errors.Is(err, io.EOF):
			return errIncomplete
		case err != nil:
			return err
		case frame.GetHeader() != nil:
			if _, err := checkHeader(frame.GetHeader(), e, mark, v.now()); err != nil {
				return err
			}
		case frame.GetSummary() != nil:
			complete = true
		case frame.GetPage() != nil:
			left := timeOf(frame.GetPage().GetQueryLeftTime())
			if fresh.left.IsZero() || left.Before(fresh.left) {
				fresh.left = left
			}
			for _, s := range frame.GetPage().GetStates() {
				each(stateOf(s))
			}
			for _, problem := range frame.GetPage().GetProblems() {
				fresh.unreadable[problem.GetNumber()] = true
			}
		}
	}
}
