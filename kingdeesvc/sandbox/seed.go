package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// DefaultSeed is the data set that the demo and the command start with.
const DefaultSeed = 20240511

// seedStore adds a merchant's last weeks, as of now, to an empty store: two organisations, five warehouses, both affair
// types, bills of several warehouses, drafts, bills voided in the past, Chinese notes, unset fields. The cast of
// SampleDay is part of it. The same seed gives the same bills at the same distance from now. Nobody hears of the
// audits.
func seedStore(ctx context.Context, st *store, seed uint64, now time.Time, log *slog.Logger) error {
	if present := len(st.all()); present > 0 {
		return fmt.Errorf("%w: seed: the sandbox already has %d bills", ErrInvalid, present)
	}
	g := &generator{
		store: st, now: now,
		rng: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // sample data
	}
	for i := range seedBills {
		if err := g.ordinary(i); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	for _, member := range cast() {
		if err := g.play(member); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	log.DebugContext(ctx, "bills seeded", "seed", seed, "count", len(st.all()))
	return nil
}

const (
	seedBills  = 40  // the crowd: ZZCX000101 and on; the cast begins at ZZCX000151
	firstFresh = 201 // number of the sample day's first new bill
)

// generator makes bills in the past.
type generator struct {
	store *store
	rng   *rand.Rand
	now   time.Time
}

// life is what has happened to a bill before today.
type life uint8

const (
	lifeLive         life = iota // created, audited
	lifeDraft                    // saved as a draft only
	lifeCreated                  // created, not submitted
	lifeSubmitted                // waiting for audit
	lifeUnaudited                // audited, un-audited, left so
	lifeVoided                   // audited, un-audited, voided
	lifeVoidedEdited             // the same, with the warehouse changed in between
	lifeVoidedDraft              // voided before it was ever audited
	lifeReaudited                // audited, un-audited, corrected, audited again
)

func (l life) actions() []Action {
	switch l {
	case lifeDraft, lifeCreated:
		return nil
	case lifeSubmitted:
		return []Action{ActionSubmit}
	case lifeUnaudited:
		return []Action{ActionSubmit, ActionAudit, ActionUnaudit}
	case lifeVoided:
		return []Action{ActionSubmit, ActionAudit, ActionUnaudit, ActionVoid}
	case lifeVoidedEdited:
		return []Action{ActionSubmit, ActionAudit, ActionUnaudit, ActionEdit, ActionVoid}
	case lifeVoidedDraft:
		return []Action{ActionVoid}
	case lifeReaudited:
		return []Action{ActionSubmit, ActionAudit, ActionUnaudit, ActionEdit, ActionSubmit, ActionAudit}
	default:
		return []Action{ActionSubmit, ActionAudit}
	}
}

// ordinary makes one bill of the crowd; most are live.
func (g *generator) ordinary(i int) error {
	lives := []life{
		lifeLive, lifeLive, lifeLive, lifeVoided, lifeLive, lifeLive, lifeDraft, lifeLive, lifeReaudited, lifeLive,
		lifeLive, lifeVoidedDraft, lifeLive, lifeCreated, lifeLive, lifeVoidedEdited, lifeLive, lifeSubmitted, lifeLive, lifeUnaudited,
	}
	daysAgo := 28 - i*25/seedBills // the oldest first, the newest three days old
	b := g.bill()
	return g.live(b, lives[i%len(lives)], g.morning(daysAgo), Edit{Stock: "CK005"})
}

// live creates a bill at a moment in the past and lets its life happen, half an
// hour to some hours between the actions.
func (g *generator) live(b *Bill, l life, at time.Time, edit Edit) error {
	rules := Rules{}
	b.Date = at
	if l == lifeDraft {
		b.DocumentStatus = StatusDraft
	}
	created, err := g.store.create(b, change{at: at, rules: rules})
	if err != nil {
		return err
	}
	for _, a := range l.actions() {
		at = at.Add(30*time.Minute + time.Duration(g.rng.Int64N(int64(2*time.Hour))))
		if _, err := g.store.apply(created.ID, change{action: a, edit: edit, at: at, rules: rules}); err != nil {
			return err
		}
	}
	return nil
}

// morning is some time after eight, days before now.
func (g *generator) morning(daysAgo int) time.Time {
	day := midnight(g.now.In(g.store.zone)).AddDate(0, 0, -daysAgo)
	return day.Add(8*time.Hour + time.Duration(g.rng.Int64N(int64(2*time.Hour))))
}
