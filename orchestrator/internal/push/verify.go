package push

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
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
	slowStore
	meetStore
	Claimants(ctx context.Context, ids []int64) (map[int64][]rule.Claimant, error)
	StoreVerified(ctx context.Context, scheme string, revision int, verified []ledger.Verified,
		wait, limit time.Duration) error
	WithdrawUnlisted(ctx context.Context, scheme string, revision int, ids []int64) error
}

// Verifier reads bills again before anything is sent for them.
type Verifier struct {
	Store   verifyStore
	Kingdee kingdeev1.BillServiceClient
	Logger  *slog.Logger
	Now     func() time.Time
	// Registry says how long verifications may take in a data centre; nil: the scheme alone says it.
	Registry *intake.Registry
	// Stopping cuts reads off when it is closed; nil for reads that are seen through.
	Stopping <-chan struct{}

	// AtOnce is how many questions are asked at the same time; 0 = all. The adapter spreads them over its sessions.
	AtOnce int

	rounds rounds
	// waited says, by data centre and trigger, whether the last verification took too long for want of sessions.
	waitedMu sync.Mutex
	waited   map[string]bool
}

const (
	// VerifyTimeout is the most that one fresh read may take: the longest verify_after, after which it is of no use,
	// and what its questions may have to wait for sessions.
	VerifyTimeout = 5*time.Minute + longestQueue
	// VerifyTurn is how long a read waits until another has ended.
	VerifyTurn   = 2 * time.Minute
	leastQueue   = 30 * time.Second
	longestQueue = 6 * time.Minute
)

// allowance is how long a fresh read may take, as things are.
func (v *Verifier) allowance(e intake.Entry) time.Duration {
	return e.VerifyAfter + min(max(leastQueue, 3*e.Pace.Slowest()), longestQueue)
}

func (v *Verifier) reader(e intake.Entry, watermark *ledger.Watermark) intake.Reader {
	return intake.Reader{Kingdee: v.Kingdee, Entry: e, Watermark: watermark, Now: v.Now, Stopping: v.Stopping}
}

// Run reads the bills of these cancellations by id and by number, and those that claim their orders by id, and stores
// what that says of each cancellation. Other bills that the ledger does not know as they are shown it reads whole and
// stores first, so that it knows who claims the orders. What another call reads just then is not asked for again. It
// answers those that still hold, with the moment they were seen. A read that fails says nothing of anybody:
// nothing is sent, and no retry is used up. Nor does one that took longer than it may, which opens kingdee_slow.
func (v *Verifier) Run(ctx context.Context, e intake.Entry, watermark *ledger.Watermark,
	due []ledger.Due) (map[int64]ledger.Verified, error) {
	return v.run(ctx, e, watermark, due, "")
}

// run is Run; probed is the trigger for which kingdee_slow is open and to be ended if this read is quick enough, empty
// otherwise.
func (v *Verifier) run(ctx context.Context, e intake.Entry, watermark *ledger.Watermark, due []ledger.Due,
	probed rule.Trigger) (map[int64]ledger.Verified, error) {
	due, err := v.listed(ctx, e, due)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	ids := make([]int64, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	claimants, err := v.Store.Claimants(ctx, ids)
	if err != nil {
		return nil, err
	}
	holders := withinReach(claimants)
	mine, own, others := v.rounds.join(due, holders)
	got := answers{}
	if mine != nil {
		read, err := v.lead(ctx, v.reader(e, watermark), own, holders, probed)
		v.rounds.end(mine, read, err)
		if err != nil {
			return nil, err
		}
		maps.Copy(got, read)
	}
	failed, err := got.wait(ctx, others)
	if err != nil {
		return nil, err
	}
	due = slices.DeleteFunc(slices.Clone(due), func(d ledger.Due) bool { return failed[d.ID] })
	// Whoever was read may have become a claimant, or ceased to be one.
	if claimants, err = v.Store.Claimants(ctx, ids); err != nil {
		return nil, err
	}
	verified := v.usable(e, verifyAll(e.Policy(time.Time{}, nil), due, claimants, got), due, got)
	holds := map[int64]ledger.Verified{}
	for _, one := range verified {
		if one.Outcome == rule.Holds {
			holds[one.ID] = one
		}
	}
	err = v.Store.StoreVerified(ctx, e.Name, e.Revision, verified, e.Timing().Backoff, rule.UnreadFor)
	if errors.Is(err, ledger.ErrConflict) {
		v.Logger.InfoContext(ctx, "verification gave way", slog.String("scheme", e.Name), slog.Any("err", err))
		return nil, nil
	}
	return holds, err
}

// lead reads what nobody else reads, and says how slow that was.
func (v *Verifier) lead(ctx context.Context, r intake.Reader, due []ledger.Due, holders map[int64][]int64,
	probed rule.Trigger) (answers, error) {
	if r.Entry.Pace.Slowest() > slowTurns {
		waiting, cancel := context.WithTimeout(ctx, VerifyTurn)
		defer cancel()
		over, err := v.rounds.takeTurn(waiting)
		if err != nil {
			return nil, cmp.Or(ctx.Err(), errTooSlow)
		}
		defer over()
	}
	needed := map[rule.Trigger]bool{}
	for _, d := range due {
		needed[need(d)] = true
	}
	limited, cancel := context.WithTimeout(ctx, v.allowance(r.Entry))
	defer cancel()
	began := v.Now()
	got, err := v.readFresh(limited, r, due, holders)
	if ctx.Err() == nil && limited.Err() != nil {
		took := v.Now().Sub(began)
		if err := v.weigh(ctx, r.Entry, needed, took, took, ""); err != nil {
			return nil, err
		}
		return nil, errTooSlow
	}
	if err != nil || len(got) == 0 {
		return got, err
	}
	var took, slowest time.Duration
	for _, fresh := range got {
		took, slowest = max(took, fresh.took), max(slowest, fresh.slowest)
	}
	return got, v.weigh(ctx, r.Entry, needed, took, slowest, probed)
}

// errTooSlow: Kingdee did not answer as long as the answer would have been of use.
var errTooSlow = errors.New("kingdee did not answer a verification in time")

// usable leaves out what still holds by a read that took longer than it may.
func (v *Verifier) usable(e intake.Entry, verified []ledger.Verified, due []ledger.Due,
	got answers) []ledger.Verified {
	kept := verified[:0]
	for i, one := range verified {
		needed := rule.TriggerVoided
		if one.Trigger == rule.TriggerUnAudited || one.HangsOnUnAudit {
			needed = rule.TriggerUnAudited
		}
		if one.Outcome == rule.Holds && got[askedFor(due[i])].took > v.mayTake(e, needed) {
			continue
		}
		kept = append(kept, one)
	}
	return kept
}

// withinReach are the ids of claimants that a read for the cancellations reaches.
func withinReach(claimants map[int64][]rule.Claimant) map[int64][]int64 {
	ids := map[int64][]int64{}
	for id, all := range claimants {
		for _, c := range all {
			if !c.Elsewhere {
				ids[id] = append(ids[id], c.BillID)
			}
		}
	}
	return ids
}

// verifyAll says of each cancellation, in their order, what was read for it; what was not is unread.
func verifyAll(policy rule.Policy, due []ledger.Due, claimants map[int64][]rule.Claimant,
	got answers) []ledger.Verified {
	verified := make([]ledger.Verified, len(due))
	for i, d := range due {
		verified[i] = ledger.Verified{ID: d.ID, Outcome: rule.Unread}
		if fresh := got[askedFor(d)]; fresh != nil {
			verified[i] = fresh.verify(policy, d, claimants[d.ID])
		}
	}
	return verified
}

// readFresh reads a group. Where Kingdee's adapter refuses the question itself, the group is halved until the one that
// cannot be asked for stands alone. The error is a stop of the scheme, or the end of the process.
func (v *Verifier) readFresh(ctx context.Context, r intake.Reader, due []ledger.Due,
	holders map[int64][]int64) (answers, error) {
	fresh, err := v.read(ctx, r, due, holders)
	if err == nil {
		err = v.meet(ctx, r, fresh, due)
	}
	var stop *intake.StopError
	switch {
	case err == nil:
		got := answers{}
		for _, d := range due {
			got[askedFor(d)] = fresh
		}
		return got, nil
	case errors.As(err, &stop):
		return nil, stop
	case errors.Is(err, intake.ErrStopping):
		return nil, err
	case status.Code(err) == codes.InvalidArgument && len(due) > 1:
		half := len(due) / 2
		first, err := v.readFresh(ctx, r, due[:half], holders)
		if err != nil {
			return nil, err
		}
		second, err := v.readFresh(ctx, r, due[half:], holders)
		maps.Copy(first, second)
		return first, err
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
	return answers{}, nil
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
	// shown are all of them as they came, and centre is what the books say of themselves.
	shown  map[int64]*kingdeev1.BillState
	centre intake.DataCentre
	// left is when the earliest of its queries left. One that shows nothing has no page to say so: then it is its
	// header's time.
	left time.Time
	// took is how old the answer was when all of it was here, slowest what the slowest of its questions took.
	took, slowest time.Duration
}

func (f *freshRead) verify(p rule.Policy, d ledger.Due, claimants []rule.Claimant) ledger.Verified {
	number := strings.ToLower(d.BillNo)
	fresh := rule.FreshRead{
		Left: f.left, Gone: f.gone[d.BillID], ByNumber: f.byNumber[number], Claimants: claimants,
		Others: maps.Clone(f.byID),
	}
	for _, s := range fresh.ByNumber {
		fresh.Others[s.ID] = s
	}
	if own, shown := f.byID[d.BillID]; shown {
		if rule.OtherCreated(d.BillCreated, own.CreateTime) {
			return ledger.Verified{
				ID: d.ID, Outcome: rule.Unread, ReadTime: f.left, Question: d.Question, Another: true,
			}
		}
		fresh.ByID = &own
	}
	cancellation := rule.Cancellation{
		BillID: d.BillID, Number: d.BillNo, Triggers: d.Triggers, Evidence: d.Evidence, NotBefore: d.NotBefore,
		VoidedLast: d.BillVoidedLast,
	}
	v := rule.Verify(p, cancellation, fresh)
	if v.Outcome == rule.Holds && (f.allUnreadable || f.unreadable[number]) {
		v = rule.Verified{Outcome: rule.Unread}
	}
	return ledger.Verified{
		ID: d.ID, Outcome: v.Outcome, Trigger: v.Trigger, NotBefore: v.NotBefore, Until: v.Until, ReadTime: f.left,
		HangsOnUnAudit: v.HangsOnUnAudit,
		Live:           fresh.ByID != nil && fresh.ByID.Live(), By: v.By, Expected: v.Expected, Question: d.Question,
		Absent: fresh.ByID == nil && !f.allUnreadable && !f.unreadable[number],
	}
}

// take adds a page of bills of the form; keep gets each bill that can be decoded.
func (f *freshRead) take(form rule.Form, page *kingdeev1.StatePage, keep func(rule.State)) {
	f.leftAt(intake.TimeOf(page.GetQueryLeftTime()))
	for _, s := range page.GetStates() {
		if state, ok := intake.StateOf(form, s); ok {
			f.shown[state.ID] = s
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
		unreadable: map[string]bool{}, gone: map[int64]bool{}, shown: map[int64]*kingdeev1.BillState{},
	}
}

// read asks Kingdee by id and by number, both at once: so the read is as old as one of them takes, not both. Whether
// bills that were proved gone still are is asked beside.
func (v *Verifier) read(ctx context.Context, r intake.Reader, due []ledger.Due, holders map[int64][]int64) (*freshRead,
	error) {
	var ids []int64
	var numbers []string
	for _, d := range due {
		if d.BillID > 0 {
			ids = append(ids, d.BillID)
		}
		ids = append(ids, holders[d.ID]...)
		numbers = append(numbers, d.BillNo)
	}
	slices.Sort(ids)
	slices.Sort(numbers)
	began := v.Now()
	byID, byNumber := newFreshRead(), newFreshRead()
	var gone map[int64]bool
	round, ctx := errgroup.WithContext(ctx)
	round.SetLimit(cmp.Or(v.AtOnce, -1))
	round.Go(func() error {
		if len(ids) == 0 {
			return nil // another bill has the id
		}
		return v.ask(ctx, byID, r, &kingdeev1.StreamBillStatesRequest{
			Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: slices.Compact(ids)}},
		}, func(s rule.State) { byID.byID[s.ID] = s })
	})
	round.Go(func() error {
		return v.ask(ctx, byNumber, r, &kingdeev1.StreamBillStatesRequest{
			Selection: &kingdeev1.StreamBillStatesRequest_Numbers{
				Numbers: &kingdeev1.BillNumbers{Numbers: slices.Compact(numbers)},
			},
		}, func(s rule.State) {
			number := strings.ToLower(s.Number)
			byNumber.byNumber[number] = append(byNumber.byNumber[number], s)
		})
	})
	round.Go(func() error {
		gone = v.askForGone(ctx, r.Entry, due)
		return nil
	})
	if err := round.Wait(); err != nil {
		return nil, err
	}
	fresh := byID.and(byNumber)
	for id := range gone {
		if _, shown := fresh.byID[id]; !shown {
			fresh.gone[id] = true
		}
	}
	fresh.took = v.since(began, fresh.left)
	return fresh, nil
}

// since is how old an answer is whose query left then, by Kingdee's adapter's clock, which may differ a little from
// ours; it was asked for at began.
func (v *Verifier) since(began, left time.Time) time.Duration {
	now := v.Now()
	return max(0, min(now.Sub(began), now.Sub(left)))
}

// and puts what was read by number to what was read by id. Together they are as old as the older.
func (f *freshRead) and(byNumber *freshRead) *freshRead {
	f.byNumber = byNumber.byNumber
	maps.Copy(f.shown, byNumber.shown)
	maps.Copy(f.unreadable, byNumber.unreadable)
	f.allUnreadable = f.allUnreadable || byNumber.allUnreadable
	if f.left.IsZero() {
		f.centre = byNumber.centre
	}
	f.leftAt(byNumber.left)
	f.slowest = max(f.slowest, byNumber.slowest)
	return f
}

// ask reads one selection into f; keep gets each bill that can be decoded.
func (v *Verifier) ask(ctx context.Context, f *freshRead, r intake.Reader,
	selection *kingdeev1.StreamBillStatesRequest, keep func(rule.State)) error {
	began := v.Now()
	var header time.Time
	shown := false
	err := r.States(ctx, selection, func(a intake.DataCentre) error {
		header, f.centre = a.Clock.Service, a
		return nil
	}, func(page *kingdeev1.StatePage) error {
		shown = true
		f.take(r.Entry.BillForm(), page, keep)
		return nil
	})
	if !shown {
		f.leftAt(header)
	}
	f.slowest = v.since(began, f.left)
	return err
}
