package intake

import (
	"slices"
	"sync"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Streak remembers the bills of a scheme that became undecodable one after the other, since one could last be decoded,
// from page to page and from run to run. Bills that were known to be undecodable neither add to it nor end it: a person
// has been told of them. Safe for concurrent use; a nil one remembers nothing.
type Streak struct {
	mu  sync.Mutex
	bad map[int64]bool
}

// outcomes say of bills, by their ids, whether they became undecodable just now.
type outcomes map[int64]bool

// reaches adds what became of a page's bills, in the order of their ids, and says whether every one of the last five
// became undecodable.
func (s *Streak) reaches(page outcomes) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]int64, 0, len(page))
	for id := range page {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if !page[id] {
			s.bad = nil
			continue
		}
		if s.bad == nil {
			s.bad = map[int64]bool{}
		}
		s.bad[id] = true
	}
	if len(s.bad) < rule.SuspectInRow {
		return false
	}
	s.bad = nil
	return true
}
