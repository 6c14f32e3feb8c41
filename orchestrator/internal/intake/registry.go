package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
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

// SchemeSource answers the newest revision of every scheme that is not retired; without its document where the caller
// knows that revision.
type SchemeSource interface {
	NewestSchemes(ctx context.Context, known map[string]int) ([]ledger.NewestScheme, error)
}

// Registry holds the schemes that this process works by, and what has been learned of the vendors behind them. With a
// source it follows the ledger: Refresh takes what is newest there. Safe for concurrent use.
type Registry struct {
	source SchemeSource
	pace   *Pace
	// refreshing lets one at a time ask the source.
	refreshing sync.Mutex

	mu           sync.Mutex
	entries      map[string]Entry
	environments map[string]scheme.Environment
	// unreadable are the revisions whose documents this program cannot read, with why.
	unreadable map[string]unreadable
}

type unreadable struct {
	revision int
	cause    error
}

// NewRegistry holds these schemes, each with the revision that the ledger numbered it by; one that is not in
// revisions is at 0. It follows nothing.
func NewRegistry(schemes []*scheme.Scheme, revisions map[string]int) *Registry {
	r := FollowSchemes(nil)
	for _, s := range schemes {
		r.Put(Entry{Scheme: s, Revision: revisions[s.Name], Streak: &Streak{}, Pace: r.pace})
	}
	return r
}

// FollowSchemes follows a source, which nobody has asked yet.
func FollowSchemes(source SchemeSource) *Registry {
	return &Registry{
		source: source, pace: &Pace{}, // there is one Kingdee adapter
		entries: map[string]Entry{}, environments: map[string]scheme.Environment{},
		unreadable: map[string]unreadable{},
	}
}

// Put takes an entry in place of the one of its name.
func (r *Registry) Put(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[e.Name] = e
}

// Entry answers a scheme as it was last loaded.
func (r *Registry) Entry(name string) (Entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, loaded := r.entries[name]
	return e, loaded
}

// Entries answers all schemes as they were last loaded, in the order of their names.
func (r *Registry) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := make([]Entry, 0, len(r.entries))
	for _, name := range slices.Sorted(maps.Keys(r.entries)) {
		entries = append(entries, r.entries[name])
	}
	return entries
}

// Refresh takes the newest revisions from the source, and lets go of what is retired. A revision whose document this
// program cannot read is named in the error; the one that was loaded before stays, and is good for nothing: whatever it
// decides is refused. All others are taken.
func (r *Registry) Refresh(ctx context.Context) error {
	if r.source == nil {
		return nil
	}
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	known := r.Revisions()
	r.mu.Lock()
	for name, u := range r.unreadable {
		known[name] = u.revision
	}
	r.mu.Unlock()
	newest, err := r.source.NewestSchemes(ctx, known)
	if err != nil {
		return err
	}
	var faults []error
	named := map[string]bool{}
	for _, n := range newest {
		named[n.Scheme] = true
		if n.Revision == known[n.Scheme] {
			continue
		}
		if err := r.load(n); err != nil {
			faults = append(faults, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.entries, func(name string, _ Entry) bool { return !named[name] })
	maps.DeleteFunc(r.unreadable, func(name string, _ unreadable) bool { return !named[name] })
	return errors.Join(faults...)
}

// load takes one revision. What the process has learned of the scheme stays.
func (r *Registry) load(n ledger.NewestScheme) error {
	loaded, err := LoadRevision(n.Document, n.Earlier)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("scheme %s: revision %d cannot be read by this program; a newer one made it? %w", n.Scheme,
			n.Revision, err)
		r.unreadable[n.Scheme] = unreadable{n.Revision, err}
		return err
	}
	delete(r.unreadable, n.Scheme)
	e := Entry{Scheme: loaded, Revision: n.Revision, Streak: &Streak{}, Pace: r.pace}
	if before, had := r.entries[n.Scheme]; had {
		e.Streak = before.Streak
	}
	r.entries[n.Scheme] = e
	return nil
}

// Unreadable are the schemes whose newest revision this program cannot read, sorted, each with that revision.
func (r *Registry) Unreadable() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.unreadable)) {
		names = append(names, fmt.Sprintf("%s (revision %d; 第 %d 版)", name, r.unreadable[name].revision,
			r.unreadable[name].revision))
	}
	return names
}

// StandingReader answers how a scheme stands.
type StandingReader interface {
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
}

// standingTries is how often a scheme is looked at that is revised at this very moment.
const standingTries = 3

// Standing answers how a scheme stands with the entry of that revision: whoever has an older one loads the newest now.
// It is not loaded where it is retired, or this program cannot read it.
func (r *Registry) Standing(
	ctx context.Context, store StandingReader, name string,
) (e Entry, standing ledger.Scheme, loaded bool, err error) {
	for range standingTries {
		if standing, err = store.Scheme(ctx, name); err != nil {
			return e, standing, false, err
		}
		e, loaded = r.Entry(name)
		if loaded && e.Revision == standing.Revision {
			return e, standing, true, nil
		}
		if err := r.Refresh(ctx); err != nil {
			return e, standing, false, err
		}
		if e, loaded = r.Entry(name); loaded && e.Revision == standing.Revision {
			return e, standing, true, nil
		}
		if !loaded {
			break
		}
	}
	return e, standing, false, nil
}

// Revisions are the loaded schemes, each with its revision.
func (r *Registry) Revisions() map[string]int {
	loaded := map[string]int{}
	for _, e := range r.Entries() {
		loaded[e.Name] = e.Revision
	}
	return loaded
}

// DataCenters are those that the loaded schemes read, each once, in no order.
func (r *Registry) DataCenters() []string {
	seen := map[string]bool{}
	for _, e := range r.Entries() {
		seen[e.DataCenter] = true
	}
	return slices.Collect(maps.Keys(seen))
}

// Fresh is, by scheme, how long after the last read of its bill a request may be begun: five sixths of verify_after, so
// that there is time to send.
func (r *Registry) Fresh() map[string]time.Duration {
	fresh := map[string]time.Duration{}
	for _, e := range r.Entries() {
		fresh[e.Name] = e.VerifyAfter * 5 / 6
	}
	return fresh
}

// VerifyAfter is the shortest of a data centre's schemes; most where none of them is loaded.
func (r *Registry) VerifyAfter(dataCenter string, most time.Duration) time.Duration {
	for _, e := range r.Entries() {
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

// gone is the interval of what is asked for a scheme that is not loaded any more: nothing comes of it.
const gone = time.Minute

// Interval is the time between two incremental runs. Before it is known what is behind the adapters, it is the short
// one: a baseline that failed is held back by a pause of its own.
func (r *Registry) Interval(name string) time.Duration {
	return r.interval(name, (*scheme.Scheme).IncrementalInterval)
}

func (r *Registry) RecheckInterval(name string) time.Duration {
	return r.interval(name, (*scheme.Scheme).RecheckInterval)
}

func (r *Registry) ReconcileInterval(name string) time.Duration {
	return r.interval(name, (*scheme.Scheme).ReconcileInterval)
}

func (r *Registry) interval(name string, of func(*scheme.Scheme, scheme.Environment) time.Duration) time.Duration {
	e, loaded := r.Entry(name)
	if !loaded {
		return gone
	}
	return of(e.Scheme, r.environment(name))
}

func (r *Registry) environment(name string) scheme.Environment {
	r.mu.Lock()
	defer r.mu.Unlock()
	if env, known := r.environments[name]; known {
		return env
	}
	return scheme.Sandbox
}
