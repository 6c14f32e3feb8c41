package sample

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// DefaultSeed is the data set that the demo and the command start with.
const DefaultSeed = 20240511

// Seed adds a merchant's last weeks, as of now, to an empty store: two organisations, five warehouses, both affair
// types, bills of several warehouses, drafts, bills voided in the past, Chinese notes, unset fields, and some requests
// to return goods to a supplier. The cast of Day is part of it. The same seed gives the same bills at the same distance
// from now. Nobody hears of the audits.
func Seed(ctx context.Context, st *books.Store, seed uint64, now time.Time, log *slog.Logger) error {
	if present := len(st.All()); present > 0 {
		return fmt.Errorf("%w: seed: the sandbox already has %d bills", books.ErrInvalid, present)
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
	if err := g.seedReturns(seed); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	log.DebugContext(ctx, "bills seeded", "seed", seed, "count", len(st.All()))
	return nil
}

const (
	seedBills  = 40  // the crowd: ZZCX000101 and on; the cast begins at ZZCX000151
	firstFresh = 201 // number of the sample day's first new bill
)

// generator makes bills in the past.
type generator struct {
	store *books.Store
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

func (l life) actions() []books.Action {
	switch l {
	case lifeDraft, lifeCreated:
		return nil
	case lifeSubmitted:
		return []books.Action{books.ActionSubmit}
	case lifeUnaudited:
		return []books.Action{books.ActionSubmit, books.ActionAudit, books.ActionUnaudit}
	case lifeVoided:
		return []books.Action{books.ActionSubmit, books.ActionAudit, books.ActionUnaudit, books.ActionVoid}
	case lifeVoidedEdited:
		return []books.Action{
			books.ActionSubmit, books.ActionAudit, books.ActionUnaudit, books.ActionEdit, books.ActionVoid,
		}
	case lifeVoidedDraft:
		return []books.Action{books.ActionVoid}
	case lifeReaudited:
		return []books.Action{
			books.ActionSubmit, books.ActionAudit, books.ActionUnaudit, books.ActionEdit,
			books.ActionSubmit, books.ActionAudit,
		}
	default:
		return []books.Action{books.ActionSubmit, books.ActionAudit}
	}
}

// ordinary makes one bill of the crowd; most are live.
func (g *generator) ordinary(i int) error {
	lives := []life{
		lifeLive, lifeLive, lifeLive, lifeVoided, lifeLive, lifeLive, lifeDraft, lifeLive, lifeReaudited, lifeLive,
		lifeLive, lifeVoidedDraft, lifeLive, lifeCreated, lifeLive, lifeVoidedEdited, lifeLive, lifeSubmitted,
		lifeLive, lifeUnaudited,
	}
	daysAgo := 28 - i*25/seedBills // the oldest first, the newest three days old
	b := g.bill()
	return g.live(b, lives[i%len(lives)], g.morning(daysAgo), books.Edit{Stock: "CK005"})
}

// live creates a bill at a moment in the past and lets its life happen, half an
// hour to some hours between the actions.
func (g *generator) live(b *books.Bill, l life, at time.Time, edit books.Edit) error {
	rules := books.Rules{}
	b.Date = at
	if l == lifeDraft {
		b.DocumentStatus = books.StatusDraft
	}
	created, err := g.store.Create(b, books.Change{At: at, Rules: rules})
	if err != nil {
		return err
	}
	for _, a := range l.actions() {
		at = at.Add(30*time.Minute + time.Duration(g.rng.Int64N(int64(2*time.Hour))))
		if _, err := g.store.Apply(created.ID, books.Change{Action: a, Edit: edit, At: at, Rules: rules}); err != nil {
			return err
		}
	}
	return nil
}

// morning is some time after eight, days before now.
func (g *generator) morning(daysAgo int) time.Time {
	day := books.Midnight(g.now.In(g.store.Zone)).AddDate(0, 0, -daysAgo)
	return day.Add(8*time.Hour + time.Duration(g.rng.Int64N(int64(2*time.Hour))))
}
