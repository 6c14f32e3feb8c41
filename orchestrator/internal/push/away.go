package push

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// The harmless call to a WMS that is away, and to an adapter that lacks an account, is made at a growing pace. The end
// of a rest is asked for at its time.
var (
	awayPace    = ledger.Pace{First: 5 * time.Second, Longest: time.Minute}
	refusedPace = ledger.Pace{First: askAgainAfter, Longest: askAgainAfter}
)

// leastRest is how long an account that asks to be left alone rests where nobody says for how long.
const leastRest = 5 * time.Second

// hear counts a result of an order, and says what it tells of the WMS and whether so many in a row got no answer that
// the WMS is away.
func (d *Doorman) hear(account string, order int64, answer rule.Answer) (heard rule.Heard, away bool) {
	heard = answer.Heard()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.silence == nil {
		d.silence = map[string]rule.Silence{}
	}
	s := d.silence[account].After(order, heard)
	d.silence[account] = s
	return heard, s.Away()
}

// suspect finds out, after a request that got no answer, whether the WMS answers the harmless call, and says whether it
// does not: then nothing is sent to the account until it does.
func (d *Doorman) suspect(ctx context.Context, account, detail string) (away bool) {
	found := d.check(ctx, account)
	switch found.standing {
	case silent:
		if found.detail != detail {
			detail += "; the harmless call: " + found.detail
		}
		return d.told(ctx, d.open(ctx, awayOf(account, detail)))
	case resting:
		return d.told(ctx, d.open(ctx, restOf(account, found.detail, found.rest)))
	}
	return false
}

// answers says whether the WMS answers the harmless call, whatever it says of the account.
func (d *Doorman) answers(ctx context.Context, account string) bool {
	found := d.check(ctx, account).standing
	return found == accepted || found == refused
}

// silent stops sending to an account after so many orders in a row got no answer, and lets it go on at once where the
// harmless call is answered: then it is these orders.
func (d *Doorman) silent(ctx context.Context, account, detail string) {
	c := awayOf(account, fmt.Sprintf("%d orders in a row got no answer, the last: %s", rule.AwayInRow, detail))
	if !d.told(ctx, d.open(ctx, c)) {
		return
	}
	switch found := d.check(ctx, account); found.standing {
	case accepted, refused:
		_, err := d.Store.EndCondition(ctx, c, "the WMS answers the harmless call")
		d.told(ctx, err)
	case resting:
		if d.told(ctx, d.open(ctx, restOf(account, found.detail, found.rest))) {
			_, err := d.Store.EndCondition(ctx, c, "the WMS asks to be left alone")
			d.told(ctx, err)
		}
	}
}

func awayOf(account, detail string) ledger.Condition {
	return ledger.Condition{
		Kind: rule.ConditionWMSAway, Account: account, Detail: detail, ProbeAfter: awayPace.First,
	}
}

func restOf(account, detail string, wait time.Duration) ledger.Condition {
	if wait <= 0 {
		wait = leastRest
	}
	return ledger.Condition{Kind: rule.ConditionThrottled, Account: account, Detail: detail, ProbeAfter: wait}
}

// open opens a condition and tells it once.
func (d *Doorman) open(ctx context.Context, c ledger.Condition) error {
	opened, err := d.Store.OpenCondition(ctx, c)
	if opened {
		d.Logger.ErrorContext(ctx, "nothing is sent to a WMS account", slog.String("account", c.Account),
			slog.String("condition", string(c.Kind)), slog.String("detail", c.Detail))
	}
	return err
}

// told logs a ledger that could not be written, and says whether it could.
func (d *Doorman) told(ctx context.Context, err error) bool {
	if err != nil {
		d.Logger.WarnContext(ctx, "a condition could not be written", slog.Any("err", err))
	}
	return err == nil
}

// Probe makes the harmless call to the accounts that are due for it, all at once, and lets those go on that answer. The
// first cancel after that follows a call that was answered.
func (d *Doorman) Probe(ctx context.Context) error {
	refused, err := d.Store.TakeProbes(ctx, refusedPace, rule.ConditionAccountRefused, rule.ConditionAccountClock)
	if err != nil {
		return err
	}
	away, err := d.Store.TakeProbes(ctx, awayPace, rule.ConditionWMSAway, rule.ConditionThrottled)
	if err != nil {
		return err
	}
	return d.probeAll(ctx, append(refused, away...))
}

// ProbeHost is Probe for what only this host sees of an account: its adapter lacks it, or has another time.
func (d *Doorman) ProbeHost(ctx context.Context) error {
	due, err := d.Store.TakeHostProbes(ctx, d.Host, awayPace, rule.ConditionAccountMissing,
		rule.ConditionClocksApart)
	if err != nil {
		return err
	}
	return d.probeAll(ctx, due)
}

func (d *Doorman) probeAll(ctx context.Context, due []ledger.Condition) error {
	var calls errgroup.Group
	for _, c := range due {
		calls.Go(func() error { return d.probe(ctx, c) })
	}
	return calls.Wait()
}

// probe asks about one condition. An answer that tells of another trouble opens that before this one ends, so that
// nothing is sent in between.
func (d *Doorman) probe(ctx context.Context, c ledger.Condition) error {
	found := d.check(ctx, c.Account)
	if c.Kind == rule.ConditionClocksApart {
		return d.probeClocks(ctx, c, found)
	}
	next, why := ledger.Condition{}, "the WMS answers the account again"
	switch found.standing {
	case accepted:
	case refused:
		next = ledger.Condition{
			Kind: found.kind, Account: c.Account, Detail: found.detail, ProbeAfter: askAgainAfter,
		}
	case resting:
		next = restOf(c.Account, found.detail, found.rest)
		if c.Kind == rule.ConditionThrottled {
			return d.Store.ProbeIn(ctx, c.ID, next.ProbeAfter)
		}
	case silent:
		next = awayOf(c.Account, found.detail)
	default:
		next.Kind = c.Kind
	}
	if c.Kind == rule.ConditionAccountMissing && found.standing != missing && found.standing != unclear {
		// Whatever the WMS says or not: this host's adapter has the account.
		next, why = ledger.Condition{}, "the adapter has the account now"
	}
	// A refused account is not believed to be accepted because nobody answers, or because it is to be left alone.
	stays := c.Kind == rule.ConditionAccountRefused || c.Kind == rule.ConditionAccountClock
	if next.Kind == c.Kind || stays && (found.standing == silent || found.standing == resting) {
		d.Logger.WarnContext(ctx, "nothing is sent to a WMS account yet", slog.String("account", c.Account),
			slog.String("condition", string(c.Kind)), slog.String("detail", found.detail))
		return nil
	}
	if next.Kind != "" {
		if err := d.open(ctx, next); err != nil {
			return err
		}
	}
	if c.Kind == rule.ConditionWMSAway || c.Kind == rule.ConditionThrottled {
		if err := d.Store.ForgetSilence(ctx, c.Account, c.Kind == rule.ConditionWMSAway); err != nil {
			return err
		}
	}
	ended, err := d.Store.EndCondition(ctx, c, why)
	if ended {
		d.Logger.InfoContext(ctx, "a condition of a WMS account has ended", slog.String("account", c.Account),
			slog.String("condition", string(c.Kind)), slog.String("reason", why))
	}
	return err
}

// probeClocks ends a clocks_apart once the adapter, whatever the WMS says, has our time again.
func (d *Doorman) probeClocks(ctx context.Context, c ledger.Condition, found checked) error {
	if found.standing == unclear || found.standing == missing || found.apart > intake.ClockTolerance {
		return nil
	}
	ended, err := d.Store.EndCondition(ctx, c, "the clocks agree again")
	if ended {
		d.Logger.InfoContext(ctx, "the clocks agree again", slog.String("account", c.Account))
	}
	return err
}

// clocksApart says that our clock and that of the WMS adapter differ too much.
func clocksApart(apart time.Duration) string {
	return fmt.Sprintf("the clocks of orchestrator and wmssvc are %s apart; at most %s is allowed",
		apart.Round(time.Millisecond), intake.ClockTolerance)
}
