package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const (
	// slowTurns is from which answer time on verifications take turns.
	slowTurns = 2 * time.Second
	// slowProbeFirst is how soon after it opened, at least, kingdee_slow is asked about.
	slowProbeFirst = 2 * time.Second
)

// slowStore keeps which verifications take too long.
type slowStore interface {
	intake.TroubleStore
	SlowTriggers(ctx context.Context, dataCenter string) (map[rule.Trigger]string, error)
	EndCondition(ctx context.Context, c ledger.Condition, why string) (ended bool, err error)
	ProbeBill(ctx context.Context, scheme string) (ledger.Due, bool, error)
}

// need is the trigger whose verification a cancellation needs: un_audited where nothing else ever called for it, where
// only an un-audit was found to call for it by now, or where another bill lets its order go only for that; else voided,
// which stands for all that may be older.
func need(d ledger.Due) rule.Trigger {
	other := func(t rule.Trigger) bool { return t != rule.TriggerUnAudited }
	if !d.NotBefore.IsZero() || d.HangsOnUnAudit || len(d.Triggers) > 0 && !slices.ContainsFunc(d.Triggers, other) {
		return rule.TriggerUnAudited
	}
	return rule.TriggerVoided
}

// isSlow says whether one of the open conditions keeps a cancellation that needs this verification waiting.
func isSlow(slow map[rule.Trigger]string, needed rule.Trigger) bool {
	_, own := slow[needed]
	_, all := slow[rule.TriggerVoided]
	return own || all
}

// mayTake is how long a verification may take: half of what a request may wait for one. Schemes of one data centre go
// by the shortest of theirs.
func (v *Verifier) mayTake(e intake.Entry, needed rule.Trigger) time.Duration {
	after := e.VerifyAfter
	if v.Registry != nil {
		after = v.Registry.VerifyAfter(e.DataCenter, after)
	}
	if needed == rule.TriggerUnAudited {
		after = min(rule.FreshFor, after)
	}
	return after / 2
}

// tooSlow opens kingdee_slow for a trigger whose verification took longer than it may.
func (v *Verifier) tooSlow(
	ctx context.Context, e intake.Entry, needed rule.Trigger, took, slowest time.Duration,
) error {
	c := ledger.Condition{
		Kind: rule.ConditionKingdeeSlow, DataCenterID: e.DataCenter, Trigger: string(needed),
		Detail: fmt.Sprintf("a verification took %s and may take %s; the slowest answer of it took %s",
			seconds(took), seconds(v.mayTake(e, needed)), seconds(slowest)),
		ProbeAfter: max(slowProbeFirst, took),
	}
	if took > slowest*3/2 && slowest <= v.mayTake(e, needed) {
		// Its questions waited for each other, or for others; beside each other they would have been quick enough.
		c.Reason = rule.SlowForSessions
	}
	open, err := v.Store.SlowTriggers(ctx, e.DataCenter)
	if err != nil {
		return err
	}
	before, is := open[needed]
	c.Reason = cmp.Or(before, c.Reason) // one row while it lasts
	opened, err := v.Store.OpenCondition(ctx, c)
	if err != nil {
		return err
	}
	switch {
	case is && before != c.Reason:
		// When it began, no number of sessions would have been enough.
		c.Reason = before
		_, err = v.Store.EndCondition(ctx, c, "more sessions would be enough by now")
	case opened:
		v.Logger.WarnContext(ctx, "Kingdee answers too slowly to verify before sending",
			slog.String("data_center", e.DataCenter), slog.String("trigger", c.Trigger),
			slog.String("detail", c.Detail))
	}
	return err
}

// fastAgain ends kingdee_slow for a trigger.
func (v *Verifier) fastAgain(ctx context.Context, e intake.Entry, needed rule.Trigger, took time.Duration) error {
	for _, reason := range []string{"", rule.SlowForSessions} {
		ended, err := v.Store.EndCondition(ctx, ledger.Condition{
			Kind: rule.ConditionKingdeeSlow, DataCenterID: e.DataCenter, Trigger: string(needed), Reason: reason,
		}, "a verification took "+seconds(took))
		if err != nil {
			return err
		}
		if ended {
			v.Logger.InfoContext(ctx, "Kingdee is fast enough again to verify before sending",
				slog.String("data_center", e.DataCenter), slog.String("trigger", string(needed)))
		}
	}
	return nil
}

// Probe asks whether verifications of a trigger that took too long are fast enough again, by one of a bill that the
// ledger knows: nothing is waiting for it.
func (v *Verifier) Probe(ctx context.Context, e intake.Entry, watermark *ledger.Watermark, needed rule.Trigger) error {
	d, found, err := v.Store.ProbeBill(ctx, e.Name)
	if err != nil || !found {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, v.allowance(e))
	defer cancel()
	began := v.Now()
	r := v.reader(e, watermark)
	fresh, err := v.read(limited, r, []ledger.Due{d}, nil)
	took, slowest := v.Now().Sub(began), v.Now().Sub(began)
	switch {
	case err == nil:
		took, slowest = fresh.took, fresh.slowest
	case ctx.Err() != nil, limited.Err() == nil:
		return nil // it says nothing of how slow Kingdee is
	}
	return v.weigh(ctx, e, map[rule.Trigger]bool{needed: true}, took, slowest, needed)
}

// weigh opens kingdee_slow for those of the needed verifications that took too long, and ends the one that was probed
// for if it did not.
func (v *Verifier) weigh(ctx context.Context, e intake.Entry, needed map[rule.Trigger]bool, took,
	slowest time.Duration, probed rule.Trigger) error {
	for trigger := range needed {
		may := v.mayTake(e, trigger)
		if v.outlier(e.DataCenter, trigger, took > may && slowest <= may) {
			continue
		}
		if took > may {
			if err := v.tooSlow(ctx, e, trigger, took, slowest); err != nil {
				return err
			}
		}
	}
	if probed != "" && took <= v.mayTake(e, probed) {
		return v.fastAgain(ctx, e, probed, took)
	}
	return nil
}

// outlier notes whether a verification took too long only because its questions waited for sessions, and says whether
// it is the first in a row: others may just have had them all.
func (v *Verifier) outlier(dataCenter string, needed rule.Trigger, waited bool) bool {
	v.waitedMu.Lock()
	defer v.waitedMu.Unlock()
	key := dataCenter + " " + string(needed)
	first := waited && !v.waited[key]
	if v.waited == nil {
		v.waited = map[string]bool{}
	}
	v.waited[key] = waited
	return first
}

// seconds are rounded to a tenth.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// mayAsk leaves out what would need a verification that takes too long these days.
func (s *Batcher) mayAsk(ctx context.Context, e intake.Entry, stale []ledger.Due, probed rule.Trigger) []ledger.Due {
	if len(stale) == 0 || probed != "" {
		return stale
	}
	slow, err := s.Store.SlowTriggers(ctx, e.DataCenter)
	if err != nil {
		s.Logger.WarnContext(ctx, "not known whether Kingdee is too slow", slog.Any("err", err))
		return nil
	}
	return slices.DeleteFunc(stale, func(d ledger.Due) bool { return isSlow(slow, need(d)) })
}

// verify reads bills again; meanwhile the batch keeps its rows, however long that takes.
func (s *Batcher) verify(ctx context.Context, e intake.Entry, watermark *ledger.Watermark, stale []ledger.Due,
	probed rule.Trigger) (map[int64]ledger.Verified, error) {
	ids := make([]int64, len(stale))
	for i, d := range stale {
		ids[i] = d.ID
	}
	reading, over := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { s.keepRows(reading, ids, probed != "") })
	holds, err := s.Verifier.run(ctx, e, watermark, stale, probed)
	over()
	keeping.Wait()
	if errors.Is(err, errTooSlow) || errors.Is(err, intake.ErrStopping) {
		return nil, nil
	}
	return holds, err
}

// keepRows keeps rows from being gathered again until ctx ends; atOnce where nobody gathered them.
func (s *Batcher) keepRows(ctx context.Context, ids []int64, atOnce bool) {
	hold := s.Hold + BatchHold
	tick := time.NewTicker(hold / 3)
	defer tick.Stop()
	for {
		if atOnce {
			if err := s.Store.HoldBatch(ctx, ids, hold); err != nil && ctx.Err() == nil {
				s.Logger.WarnContext(ctx, "batch not kept while its bills are read", slog.Any("err", err))
			}
		}
		atOnce = true
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
