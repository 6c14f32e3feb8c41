package push

import (
	"context"
	"log/slog"
	"strings"
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
	ProbeTick = 5 * time.Second
	// checkWithin bounds the harmless call; wmssvc gives it 10 s.
	checkWithin = 11 * time.Second
)

// DoorStore keeps what a refused login means.
type DoorStore interface {
	AskAboutRefused(ctx context.Context, refused []ledger.Result) error
	OpenCondition(ctx context.Context, c ledger.Condition) (opened bool, err error)
	EndCondition(ctx context.Context, c ledger.Condition, why string) (ended bool, err error)
	TakeProbes(ctx context.Context, wait time.Duration, kinds ...rule.ConditionKind) ([]ledger.Condition, error)
}

// standing is what the harmless call says of an account.
type standing int

const (
	// unclear: it was not answered, or by somebody else.
	unclear standing = iota
	accepted
	refused
)

// Doorman finds out whether a WMS account is accepted, by wmssvc's harmless call. However many requests were refused at
// once, an account is asked once at a time.
type Doorman struct {
	Store  DoorStore
	WMS    wmsv1.OrderServiceClient
	Logger *slog.Logger
	calls  singleflight.Group
}

type checked struct {
	standing standing
	detail   string
	// kind is the condition of a refused account.
	kind rule.ConditionKind
}

func (d *Doorman) check(ctx context.Context, account string) checked {
	found, _, _ := d.calls.Do(account, func() (any, error) {
		// The answer is also for those who came later: it does not end with the one who asked first.
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkWithin)
		defer cancel()
		answer, err := d.WMS.CheckConnection(limited, &wmsv1.CheckConnectionRequest{Account: account})
		if err != nil {
			return checked{standing: unclear, detail: intake.VendorFault(apierr.WMS, err)}, nil
		}
		kind := rule.ConditionAccountRefused
		if answer.GetAccountFault() == wmsv1.AccountFault_ACCOUNT_FAULT_CLOCK {
			kind = rule.ConditionAccountClock
		}
		return checked{standing: standingOf(answer.GetDisposition()), kind: kind,
			detail: strings.TrimSpace(strings.Join([]string{
				answer.GetVendorCode(), answer.GetVendorMessage(), answer.GetDetail(),
			}, " "))}, nil
	})
	return found.(checked) //nolint:forcetypeassert // the function above answers nothing else
}

// standingOf reads the answer to a cancel of an order that cannot exist: whatever is said about the order, even a
// refusal of it, was said to an account that is accepted.
func standingOf(d wmsv1.Disposition) standing {
	switch d {
	case wmsv1.Disposition_DISPOSITION_AUTH:
		return refused
	case wmsv1.Disposition_DISPOSITION_NOT_FOUND, wmsv1.Disposition_DISPOSITION_REJECTED,
		wmsv1.Disposition_DISPOSITION_CANCELLED,
		wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED, wmsv1.Disposition_DISPOSITION_IN_PROGRESS,
		wmsv1.Disposition_DISPOSITION_TOO_LATE:
		return accepted
	default:
		return unclear
	}
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
		opened, err := d.Store.OpenCondition(ctx, ledger.Condition{
			Kind: found.kind, Account: account, Detail: found.detail, ProbeAfter: askAgainAfter,
		})
		if opened {
			d.Logger.ErrorContext(ctx, "WMS account refused; nothing is sent to it", slog.String("account", account),
				slog.String("detail", found.detail))
		}
		return err
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

// Probe makes the harmless call to the refused accounts that are due, and lets those go on that are accepted again.
func (d *Doorman) Probe(ctx context.Context) error {
	due, err := d.Store.TakeProbes(ctx, askAgainAfter, rule.ConditionAccountRefused, rule.ConditionAccountClock)
	if err != nil {
		return err
	}
	for _, c := range due {
		account := c.Account
		found := d.check(ctx, account)
		if found.standing != accepted {
			d.Logger.WarnContext(ctx, "WMS account is still refused", slog.String("account", account),
				slog.String("detail", found.detail))
			continue
		}
		if _, err := d.Store.EndCondition(ctx, c, "the WMS accepts the account again"); err != nil {
			return err
		}
		d.Logger.InfoContext(ctx, "WMS account is accepted again", slog.String("account", account))
	}
	return nil
}
