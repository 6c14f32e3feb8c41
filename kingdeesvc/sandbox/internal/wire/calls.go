package wire

import (
	"maps"
	"sync"
)

// callCounter counts the calls of each service, refused ones included.
type callCounter struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *callCounter) add(service string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[service]++
}

// Calls is how many calls each service of the vendor's API has had, by its name
// in lower case, such as "executebillquery" or "loginbysign".
func (s *Face) Calls() map[string]int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return maps.Clone(s.calls.counts)
}
