package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// suspectStore is what suspecting a lack of permission asks of the ledger.
type suspectStore interface {
	Controls(ctx context.Context, scheme, org string, limit int) ([]int64, error)
	OpenSuspect(ctx context.Context, scheme, detail string) error
	CloseSuspect(ctx context.Context, scheme string) error
}

// visibilityEvery is the least time between two reads of known bills while all is well.
const visibilityEvery = time.Minute

// visibility remembers of each scheme whether known bills were shown when last asked for. Safe for concurrent use.
type visibility struct {
	mu      sync.Mutex
	schemes map[string]seen
}

// seen is what the last read of known bills came to.
type seen struct {
	at    time.Time
	clear bool
}

func newVisibility() *visibility { return &visibility{schemes: map[string]seen{}} }

// due says whether an incremental run is to read known bills: when it found nothing, but at most once a minute; and
// always until one was seen, so that a suspicion, also of a process before this one, ends.
func (s *visibility) due(scheme string, found bool, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.schemes[scheme]
	return !last.clear || !found && now.Sub(last.at) >= visibilityEvery
}

func (s *visibility) note(scheme string, clear bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schemes[scheme] = seen{now, clear}
}

// askForKnown reads the newest known bills by id. That a query answers nothing may mean that nothing changed, or that
// this user is not shown anything any longer: only bills that are known to be there tell the two apart. A ledger
// without bills has nothing to ask for.
func askForKnown(ctx context.Context, store suspectStore, r reader, scheme string) (shown bool, err error) {
	ids, err := store.Controls(ctx, scheme, "", controlBills)
	if err != nil {
		return false, err
	}
	if len(ids) == 0 {
		return true, nil
	}
	limited, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	err = r.states(limited, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
	}, func(dataCentre) error { return nil }, func(page *kingdeev1.StatePage) error {
		shown = shown || len(page.GetStates())+len(page.GetProblems()) > 0
		return nil
	})
	if err != nil {
		return false, err
	}
	if shown {
		return true, store.CloseSuspect(ctx, scheme)
	}
	return false, store.OpenSuspect(ctx, scheme, fmt.Sprintf("FID %v", ids))
}

// checkVisibility is done by an incremental run that found nothing, in the same chunk.
func (c *chunk) checkVisibility(ctx context.Context) error {
	now := c.now()
	found := c.rows > 0 || c.waiting != nil
	if c.run.Kind != ledger.Incremental || !c.visibility.due(c.entry.Name, found, now) {
		return nil
	}
	shown, err := askForKnown(ctx, c.store, c.reader, c.entry.Name)
	if err != nil {
		return err
	}
	c.visibility.note(c.entry.Name, shown, now)
	return nil
}
