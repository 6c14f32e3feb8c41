package wmssvc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
)

const (
	// checkWithin bounds the harmless call to one account.
	checkWithin = 10 * time.Second
	// clockTolerance is how far the WMS's clock may be from ours before Check mentions it: HTTP dates have whole seconds,
	// and how far a request's timestamp may be off is published for the vendor's other products only (two minutes).
	clockTolerance = 5 * time.Second
)

// Check makes a harmless signed call for each account (it asks to cancel a number that cannot exist) and writes what it
// tells: whether the WMS can be reached, which kind it is, its clock, and whether account, key and signature are accepted.
// Its error names the accounts that could not be used.
func Check(ctx context.Context, cfg Config, out io.Writer) error {
	p, err := cfg.plan()
	if err != nil {
		return err
	}
	var problems []error
	for _, settings := range p.accounts {
		a := account.New(ctx, settings, p.words, slog.New(slog.DiscardHandler), time.Now)
		result, err := a.Probe(ctx, checkWithin)
		a.Close()
		if err != nil {
			return fmt.Errorf("check account %s: %w", a.Name(), err)
		}
		finding, sound := judge(&result)
		if !sound {
			problems = append(problems, fmt.Errorf("account %s: %s", a.Name(), finding))
		}
		if err := report(out, a, &result, finding); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return errors.Join(problems...)
}

// judge reads the answer to the harmless call.
func judge(r *account.Result) (finding string, sound bool) {
	switch r.Disposition {
	case dictionary.NotFound:
		return "account, key and signature are accepted", true
	case dictionary.Rejected:
		return "account, key and signature are accepted, it seems; the order was refused: " + r.Answer.Message, true
	case dictionary.Cancelled, dictionary.AlreadyCancelled, dictionary.InProgress, dictionary.TooLate:
		return "account, key and signature are accepted; but this WMS does not say that an order is unknown: " + r.Answer.Message, true
	case dictionary.Auth:
		return "account, key or signature is refused: " + r.Answer.Code + " " + r.Answer.Message, false
	case dictionary.Throttled:
		return "reached, but refused for frequency: " + r.Answer.Message, false
	case dictionary.NotSent:
		return "could not be reached: " + r.Detail, false
	default:
		return "reached, but gave no readable answer: " + r.Detail, false
	}
}

var kinds = map[account.Environment]string{
	account.EnvironmentUnknown: "not known", account.EnvironmentReal: "a real WMS", account.EnvironmentSandbox: "a sandbox",
}

func report(out io.Writer, a *account.Account, r *account.Result, finding string) error {
	clock := "not told"
	if at := r.VendorTime(); !at.IsZero() {
		ahead := at.Sub(r.Exchange.RepliedAt).Round(time.Second)
		if clock = "agrees with ours"; ahead.Abs() > clockTolerance {
			clock = fmt.Sprintf("differs from ours by %s", ahead)
		}
	}
	transport := "plain HTTP"
	if state := r.Exchange.TLS; state != nil {
		transport = fmt.Sprintf("TLS, certificate valid until %s", state.PeerCertificates[0].NotAfter.Format(time.DateOnly))
	}
	_, err := fmt.Fprintf(out, "account   %s (%s, %s)\nserver    %s, %s\ntransport %s\nclock     %s\nfinding   %s\n\n",
		a.Name(), a.Dialect(), a.Partner(), a.Host(), kinds[a.Environment()], transport, clock, finding)
	return err
}
