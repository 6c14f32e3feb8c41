package bills

import (
	"sync"
	"time"
)

// Servers bound a page themselves: 2000 rows in old documents, 10,000 in newer ones, and whatever an administrator
// wrote into a settings file. What one does with a larger Limit is not documented. One that cuts silently makes a page
// shorter than it was asked to be, which looks like the end.
const (
	// leastMaximum is the smallest bound that we reckon with; a page of fewer rows is the last.
	leastMaximum = 20
	// maximumAge is how long a page proves what the server can do: its settings may change.
	maximumAge = time.Hour
)

// pageSizes remembers the largest page that was served. A page of fewer rows cannot have been cut by the server's
// bound; one of as many or more is not believed to be the last until a query behind it finds nothing.
type pageSizes struct {
	mu     sync.Mutex
	served int
	at     time.Time
	told   int
}

// last says whether a page of so many rows is proved to be the end of a query with this limit.
func (s *pageSizes) last(rows, limit int, left time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := max(s.served, leastMaximum)
	if left.Sub(s.at) > maximumAge {
		known = leastMaximum
		s.served = 0
	}
	if rows >= s.served {
		s.served, s.at = rows, left
	}
	return rows == 0 || rows < limit && rows < known
}

// cut notes that a page of so many rows was not the end although more were asked for; it says whether that is news.
func (s *pageSizes) cut(rows int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := s.told != rows
	s.told = rows
	return news
}
