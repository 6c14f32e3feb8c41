package push

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

const (
	// askAgainAfter is how often an account that was refused is asked whether it is accepted again.
	askAgainAfter = 5 * time.Minute
	// ProbeTick is how often the ledger is asked whether one is due to be asked.
	ProbeTick = time.Second
	// checkWithin bounds the harmless call; wmssvc gives it 10 s.
	checkWithin = 11 * time.Second
)

// DoorStore keeps what is found out about an account.
type DoorStore interface {
	AskAboutRefused(ctx context.Context, refused []ledger.Result) error
	ForgetSilence(ctx context.Context, account string, away bool) error
	OpenCondition(ctx context.Context, c ledger.Condition) (opened bool, err error)
	EndCondition(ctx context.Context, c ledger.Condition, why string) (ended bool, err error)
	TakeProbes(ctx context.Context, pace ledger.Pace, kinds ...rule.ConditionKind) ([]ledger.Condition, error)
	TakeHostProbes(
		ctx context.Context, host string, pace ledger.Pace, kinds ...rule.ConditionKind,
	) ([]ledger.Condition, error)
	ProbeIn(ctx context.Context, id int64, wait time.Duration) error
}

// standing is what the harmless call says of an account.
type standing int

const (
	// unclear: the WMS adapter did not answer, or did not ask.
	unclear standing = iota
	accepted
	refused
	// silent: the WMS did not answer, or somebody else did.
	silent
	// resting: the WMS asks to be left alone for a while.
	resting
	// missing: this host's WMS adapter does not have the account.
	missing
)

// Doorman finds out by wmssvc's harmless call whether a WMS account is accepted, and whether the WMS answers at all.
// However many requests came to nothing at once, an account is asked once at a time.
type Doorman struct {
	Store  DoorStore
	WMS    wmsv1.OrderServiceClient
	Logger *slog.Logger
	// Host is this orchestrator's name: what only this one can see is about it.
	Host  string
	calls singleflight.Group
	mu    sync.Mutex
	// silence counts, by account, the orders in a row that got no answer from here.
	silence map[string]rule.Silence
}

type checked struct {
	standing standing
	detail   string
	// kind is the condition of a refused account.
	kind rule.ConditionKind
	// rest is how long the account is to be left alone.
	rest time.Duration
	// apart is how much the adapter's clock differs from ours; zero where it did not say.
	apart time.Duration
}

func (d *Doorman) check(ctx context.Context, account string) checked {
	found, _, _ := d.calls.Do(account, func() (any, error) {
		// The answer is also for those who came later: it does not end with the one who asked first.
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkWithin)
		defer cancel()
		answer, err := d.WMS.CheckConnection(limited, &wmsv1.CheckConnectionRequest{Account: account})
		if apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_ACCOUNT_UNKNOWN) {
			return checked{standing: missing, detail: "WMS account " + account + " is not configured"}, nil
		}
		if err != nil {
			return checked{standing: unclear, detail: intake.VendorFault(apierr.WMS, err)}, nil
		}
		kind := rule.ConditionAccountRefused
		if answer.GetAccountFault() == wmsv1.AccountFault_ACCOUNT_FAULT_CLOCK {
			kind = rule.ConditionAccountClock
		}
		found := checked{standing: standingOf(answer), kind: kind, rest: answer.GetRetryAfter().AsDuration(),
			detail: strings.TrimSpace(strings.Join([]string{
				answer.GetVendorCode(), answer.GetVendorMessage(), answer.GetDetail(),
			}, " "))}
		if answer.GetServiceTime() != nil {
			found.apart = time.Until(intake.TimeOf(answer.GetServiceTime())).Abs()
		}
		if found.standing == accepted || found.standing == refused {
			d.hear(account, 0, rule.Answer{Disposition: rule.Cancelled})
		}
		return found, nil
	})
	return found.(checked) //nolint:forcetypeassert // the function above answers nothing else
}

// standingOf reads the answer to a cancel of an order that cannot exist: whatever is said about the order, even a
// refusal of it, was said to an account that is accepted.
func standingOf(answer *wmsv1.CheckConnectionResponse) standing {
	switch answer.GetDisposition() {
	case wmsv1.Disposition_DISPOSITION_AUTH:
		return refused
	case wmsv1.Disposition_DISPOSITION_NOT_FOUND, wmsv1.Disposition_DISPOSITION_REJECTED,
		wmsv1.Disposition_DISPOSITION_CANCELLED,
		wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED, wmsv1.Disposition_DISPOSITION_IN_PROGRESS,
		wmsv1.Disposition_DISPOSITION_TOO_LATE:
		return accepted
	case wmsv1.Disposition_DISPOSITION_UNKNOWN:
		return silent
	case wmsv1.Disposition_DISPOSITION_THROTTLED:
		return resting
	case wmsv1.Disposition_DISPOSITION_NOT_SENT:
		switch {
		case answer.GetRetryAfter().AsDuration() > 0:
			return resting
		case answer.GetNotSentCause() == wmsv1.NotSentCause_NOT_SENT_CAUSE_UNREACHABLE:
			return silent
		}
	}
	return unclear
}

// weigh decides what refused requests of one account mean: the account's sending pauses, or those orders alone wait for
// a person. As long as it is unclear they are due again like anything that could not be sent.
func (d *Doorman) weigh(ctx context.Context, account string, results []ledger.Result) error {
	if len(results) == 0 {
		return nil
	}
	found := d.check(ctx, account)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	switch found.standing {
	case refused:
		return d.open(ctx, ledger.Condition{
			Kind: found.kind, Account: account, Detail: found.detail, ProbeAfter: askAgainAfter,
		})
	case accepted:
		d.Logger.WarnContext(ctx, "requests refused although the WMS account is accepted; their cancellations wait "+
			"for a person", slog.String("account", account),
			slog.Int("requests", len(results)), slog.String("first_bill_no", results[0].BillNo))
		return d.Store.AskAboutRefused(ctx, results)
	default:
		d.Logger.WarnContext(ctx, "requests refused, and it is not clear whether the WMS account is accepted",
			slog.String("account", account),
			slog.Int("requests", len(results)), slog.String("detail", found.detail))
		return nil
	}
}
