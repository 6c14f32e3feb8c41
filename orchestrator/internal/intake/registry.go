package intake

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Entry is a loaded scheme with the revision that the ledger knows it by.
type Entry struct {
	*scheme.Scheme
	Revision int
	// Streak is shared by all who read bills of the scheme in this process; nil where nobody counts.
	Streak *Streak
	// Pace is how fast Kingdee answers this process; nil: nobody looks.
	Pace *Pace
}

// Registry holds the loaded schemes and what has been learned of the vendors behind them. Safe for concurrent use.
type Registry struct {
	Entries map[string]Entry

	mu           sync.Mutex
	environments map[string]scheme.Environment
}

// NewRegistry holds these schemes, each with the revision that the ledger numbered it by; one that is not in
// revisions is at 0.
func NewRegistry(schemes []*scheme.Scheme, revisions map[string]int) *Registry {
	r := &Registry{Entries: map[string]Entry{}, environments: map[string]scheme.Environment{}}
	pace := &Pace{} // there is one Kingdee adapter
	for _, s := range schemes {
		r.Entries[s.Name] = Entry{Scheme: s, Revision: revisions[s.Name], Streak: &Streak{}, Pace: pace}
	}
	return r
}

// Revisions are the loaded schemes, each with its revision.
func (r *Registry) Revisions() map[string]int {
	loaded := make(map[string]int, len(r.Entries))
	for name, e := range r.Entries {
		loaded[name] = e.Revision
	}
	return loaded
}

// DataCenters are those that the loaded schemes read, each once, in no order.
func (r *Registry) DataCenters() []string {
	seen := map[string]bool{}
	for _, e := range r.Entries {
		seen[e.DataCenter] = true
	}
	return slices.Collect(maps.Keys(seen))
}

// Fresh is, by scheme, how long after the last read of its bill a request may be begun: five sixths of verify_after, so
// that there is time to send.
func (r *Registry) Fresh() map[string]time.Duration {
	fresh := make(map[string]time.Duration, len(r.Entries))
	for name, e := range r.Entries {
		fresh[name] = e.VerifyAfter * 5 / 6
	}
	return fresh
}

// VerifyAfter is the shortest of a data centre's schemes; most where none of them is loaded.
func (r *Registry) VerifyAfter(dataCenter string, most time.Duration) time.Duration {
	for _, e := range r.Entries {
		if e.DataCenter == dataCenter {
			most = min(most, e.VerifyAfter)
		}
	}
	return most
}

func (r *Registry) Learn(name string, env scheme.Environment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.environments[name] = env
}

// Interval is the time between two incremental runs. Before it is known what is behind the adapters, it is the short
// one: a baseline that failed is held back by a pause of its own.
func (r *Registry) Interval(name string) time.Duration {
	return r.Entries[name].IncrementalInterval(r.environment(name))
}

func (r *Registry) RecheckInterval(name string) time.Duration {
	return r.Entries[name].RecheckInterval(r.environment(name))
}

func (r *Registry) ReconcileInterval(name string) time.Duration {
	return r.Entries[name].ReconcileInterval(r.environment(name))
}

func (r *Registry) environment(name string) scheme.Environment {
	r.mu.Lock()
	defer r.mu.Unlock()
	if env, known := r.environments[name]; known {
		return env
	}
	return scheme.Sandbox
}
