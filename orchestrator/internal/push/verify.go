package push

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// verifyStore is what a verification asks of the ledger.
type verifyStore interface {
	LedgerHolders(ctx context.Context, ids []int64) (map[int64][]int64, error)
	intake.TroubleStore
	StoreVerified(ctx context.Context, scheme string, verified []ledger.Verified, wait, limit time.Duration) error
}

// Verifier reads bills again before anything is sent for them.
type Verifier struct {
	Store   verifyStore
	Kingdee kingdeev1.BillServiceClient
	Logger  *slog.Logger
	Now     func() time.Time
	// AtOnce is how many questions are asked at the same time; 0 = all. The adapter spreads them over its sessions.
	AtOnce int
}

// VerifyTimeout ends one fresh read: two thirds of the longest verify_after. What takes longer would leave no time to
// send.
const VerifyTimeout = 40 * time.Second

// Run reads the bills of these cancellations by id and by number, and those that the ledger knows as live holders of
// the number by id, and stores what that says of each cancellation. It answers those that still hold, with the moment
// they were seen. A read that fails says nothing of anybody: nothing is sent, and no retry is used up.
func (v *Verifier) Run(ctx context.Context, e intake.Entry, watermark *ledger.Watermark,
	due []ledger.Due) (map[int64]ledger.Verified, error) {
	ids := make([]int64, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	holders, err := v.Store.LedgerHolders(ctx, ids)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, VerifyTimeout)
	defer cancel()
	verified, err := v.readFresh(limited, intake.Reader{Kingdee: v.Kingdee, Entry: e, Watermark: watermark, Now: v.Now},
		due, holders)
	if err != nil {
		return nil, err
	}
	holds := map[int64]ledger.Verified{}
	for _, one := range verified {
		if one.Outcome == rule.Holds {
			holds[one.ID] = one
		}
	}
	timing := e.Timing()
	return holds, v.Store.StoreVerified(ctx, e.Name, verified, timing.Backoff, timing.RetryFor)
}

// readFresh verifies a group. Where Kingdee's adapter refuses the question itself, the group is halved until the one
// that cannot be asked for stands alone. The error is a stop of the scheme.
func (v *Verifier) readFresh(ctx context.Context, r intake.Reader, due []ledger.Due,
	holders map[int64][]int64) ([]ledger.Verified, error) {
	fresh, err := v.read(ctx, r, due, holders)
	var stop *intake.StopError
	switch {
	case err == nil:
		v.askForGone(ctx, r.Entry, fresh, due)
		policy := r.Entry.Policy(time.Time{}, nil)
		verified := make([]ledger.Verified, len(due))
		for i, d := range due {
			verified[i] = fresh.verify(policy, d, holders[d.ID])
		}
		return verified, nil
	case errors.As(err, &stop):
		return nil, stop
	case status.Code(err) == codes.InvalidArgument && len(due) > 1:
		half := len(due) / 2
		first, err := v.readFresh(ctx, r, due[:half], holders)
		if err != nil {
			return nil, err
		}
		second, err := v.readFresh(ctx, r, due[half:], holders)
		return append(first, second...), err
	}
	met, failed := intake.MetTrouble(ctx, v.Store, v.Logger, r.Entry.DataCenter, err)
	switch {
	case failed != nil:
		return nil, failed
	case !met:
		v.Logger.WarnContext(ctx, "bills could not be verified; nothing is sent for them",
			slog.String("scheme", r.Entry.Name),
			slog.Int("cancellations", len(due)), slog.String("first_bill_no", due[0].BillNo), slog.String("err",
				intake.VendorFault(apierr.Kingdee, err)))
	}
	verified := make([]ledger.Verified, len(due))
	for i, d := range due {
		verified[i] = ledger.Verified{ID: d.ID, Outcome: rule.Unread}
	}
	return verified, nil
}

// freshRead is what Kingdee shows at one moment. Numbers are in lower case: Kingdee's database may compare without.
type freshRead struct {
	byID     map[int64]rule.State
	byNumber map[string][]rule.State
	// unreadable are numbers that some bill carries which cannot be decoded: it may be live. allUnreadable: not even
	// its number can.
	unreadable    map[string]bool
	allUnreadable bool
	// gone are bills of which Kingdee itself says that there is no such bill.
	gone map[int64]bool
	// left is when the earliest of its queries left. One that shows nothing has no page to say so: then it is its
	// header's time.
	left time.Time
}

func (f *freshRead) verify(p rule.Policy, d ledger.Due, holders []int64) ledger.Verified {
	number := strings.ToLower(d.BillNo)
	fresh := rule.FreshRead{
		Left: f.left, Gone: f.gone[d.BillID], ByNumber: f.byNumber[number], LedgerHolders: holders, HoldersRead: f.byID,
	}
	if own, shown := f.byID[d.BillID]; shown {
		fresh.ByID = &own
	}
	cancellation := rule.Cancellation{
		BillID: d.BillID, Number: d.BillNo, Triggers: d.Triggers, Evidence: d.Evidence, NotBefore: d.NotBefore,
	}
	v := rule.Verify(p, cancellation, fresh)
	if v.Outcome == rule.Holds && (f.allUnreadable || f.unreadable[number]) {
		v = rule.Verified{Outcome: rule.Unread}
	}
	return ledger.Verified{
		ID: d.ID, Outcome: v.Outcome, Trigger: v.Trigger, NotBefore: v.NotBefore, ReadTime: f.left,
		Live: fresh.ByID != nil && fresh.ByID.Live(),
	}
}

// take adds a page of bills of the form; keep gets each bill that can be decoded.
func (f *freshRead) take(form rule.Form, page *kingdeev1.StatePage, keep func(rule.State)) {
	f.leftAt(intake.TimeOf(page.GetQueryLeftTime()))
	for _, s := range page.GetStates() {
		if state, ok := intake.StateOf(form, s); ok {
			keep(state)
		} else {
			f.cannotRead(s.GetNumber())
		}
	}
	for _, problem := range page.GetProblems() {
		f.cannotRead(problem.GetNumber())
	}
}

func (f *freshRead) leftAt(at time.Time) {
	if f.left.IsZero() || at.Before(f.left) {
		f.left = at
	}
}

func (f *freshRead) cannotRead(number string) {
	f.unreadable[strings.ToLower(number)] = true
	f.allUnreadable = f.allUnreadable || number == ""
}

func newFreshRead() *freshRead {
	return &freshRead{
		byID: map[int64]rule.State{}, byNumber: map[string][]rule.State{},
		unreadable: map[string]bool{}, gone: map[int64]bool{},
	}
}

// read asks Kingdee by id and by number, both at once: so the read is as old as one of them takes, not both.
func (v *Verifier) read(ctx context.Context, r intake.Reader, due []ledger.Due, holders map[int64][]int64) (*freshRead,
	error) {
	var ids []int64
	var numbers []string
	for _, d := range due {
		ids = append(ids, d.BillID)
		ids = append(ids, holders[d.ID]...)
		numbers = append(numbers, d.BillNo)
	}
	slices.Sort(ids)
	slices.Sort(numbers)
	byID, byNumber := newFreshRead(), newFreshRead()
	round, ctx := errgroup.WithContext(ctx)
	round.SetLimit(cmp.Or(v.AtOnce, -1))
	round.Go(func() error {
		return byID.ask(ctx, r, &kingdeev1.StreamBillStatesRequest{
			Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: slices.Compact(ids)}},
		}, func(s rule.State) { byID.byID[s.ID] = s })
	})
	round.Go(func() error {
		return byNumber.ask(ctx, r, &kingdeev1.StreamBillStatesRequest{
			Selection: &kingdeev1.StreamBillStatesRequest_Numbers{
				Numbers: &kingdeev1.BillNumbers{Numbers: slices.Compact(numbers)},
			},
		}, func(s rule.State) {
			number := strings.ToLower(s.Number)
			byNumber.byNumber[number] = append(byNumber.byNumber[number], s)
		})
	})
	if err := round.Wait(); err != nil {
		return nil, err
	}
	return byID.and(byNumber), nil
}

// and puts what was read by number to what was read by id. Together they are as old as the older.
func (f *freshRead) and(byNumber *freshRead) *freshRead {
	f.byNumber = byNumber.byNumber
	maps.Copy(f.unreadable, byNumber.unreadable)
	f.allUnreadable = f.allUnreadable || byNumber.allUnreadable
	f.leftAt(byNumber.left)
	return f
}

// ask reads one selection; keep gets each bill that can be decoded.
func (f *freshRead) ask(ctx context.Context, r intake.Reader, selection *kingdeev1.StreamBillStatesRequest,
	keep func(rule.State)) error {
	var header time.Time
	shown := false
	err := r.States(ctx, selection, func(a intake.DataCentre) error {
		header = a.Clock.Service
		return nil
	}, func(page *kingdeev1.StatePage) error {
		shown = true
		f.take(r.Entry.BillForm(), page, keep)
		return nil
	})
	if !shown {
		f.leftAt(header)
	}
	return err
}
