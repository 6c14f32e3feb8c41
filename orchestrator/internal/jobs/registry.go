package jobs

import (
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// entry is a loaded scheme with the revision that the ledger knows it by.
type entry struct {
	*scheme.Scheme
	revision int
}

// registry holds the loaded schemes and what has been learned of the vendors behind them. Safe for concurrent use.
type registry struct {
	entries map[string]entry

	mu           sync.Mutex
	environments map[string]scheme.Environment
}

func newRegistry(schemes []*scheme.Scheme, revisions map[string]int) *registry {
	r := &registry{entries: map[string]entry{}, environments: map[string]scheme.Environment{}}
	for _, s := range schemes {
		r.entries[s.Name] = entry{Scheme: s, revision: revisions[s.Name]}
	}
	return r
}

// revisions are the loaded schemes, each with its revision.
func (r *registry) revisions() map[string]int {
	loaded := make(map[string]int, len(r.entries))
	for name, e := range r.entries {
		loaded[name] = e.revision
	}
	return loaded
}

func (r *registry) learn(name string, env scheme.Environment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.environments[name] = env
}

// interval is the time between two incremental runs. Before it is known what is behind the adapters, it is the short
// one: a baseline that failed is held back by a pause of its own.
func (r *registry) interval(name string) time.Duration {
	return r.entries[name].IncrementalInterval(r.environment(name))
}

func (r *registry) recheckInterval(name string) time.Duration {
	return r.entries[name].RecheckInterval(r.environment(name))
}

func (r *registry) reconcileInterval(name string) time.Duration {
	return r.entries[name].ReconcileInterval(r.environment(name))
}

func (r *registry) environment(name string) scheme.Environment {
	r.mu.Lock()
	defer r.mu.Unlock()
	if env, known := r.environments[name]; known {
		return env
	}
	return scheme.Sandbox
}
