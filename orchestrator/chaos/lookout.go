package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// lookout notes which conditions are open, from outside: those of the ledger, and that it takes no writes, which only
// the orchestrators themselves can tell.
type lookout struct {
	mu  sync.Mutex
	all map[rule.ConditionKind][]span
}

func newLookout() *lookout { return &lookout{all: map[rule.ConditionKind][]span{}} }

// follow notes until ctx ends. It may miss a condition of a moment; those that it notes were there.
func (w *lookout) follow(ctx context.Context, t *town) {
	client := http.Client{Timeout: time.Second}
	for ; ctx.Err() == nil; wait(ctx, 3*seenEvery) {
		found, err := rows[struct{ Kind rule.ConditionKind }](ctx, t,
			`select distinct kind from condition where end_time is null`)
		if err != nil {
			continue
		}
		open := map[rule.ConditionKind]bool{}
		for _, c := range found {
			open[c.Kind] = true
		}
		for _, name := range []string{first, second} {
			if t.tells(ctx, &client, name, rule.ConditionDatabaseReadOnly) {
				open[rule.ConditionDatabaseReadOnly] = true
			}
		}
		w.note(open, time.Now())
	}
}

// tells says whether an orchestrator names that condition as a reason why it is not ready.
func (t *town) tells(ctx context.Context, client *http.Client, name string, kind rule.ConditionKind) bool {
	where := "http://" + t.members[name].rest() + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, http.NoBody)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return err == nil && response.StatusCode == http.StatusServiceUnavailable &&
		strings.Contains(string(text), string(kind))
}

func (w *lookout) note(open map[rule.ConditionKind]bool, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for kind, spans := range w.all {
		if last := &spans[len(spans)-1]; last.to.IsZero() && !open[kind] {
			last.to = at
		}
	}
	for kind := range open {
		if spans := w.all[kind]; len(spans) == 0 || !spans[len(spans)-1].to.IsZero() {
			w.all[kind] = append(spans, span{from: at})
		}
	}
}

// since says whether a condition of the kind was open at some moment since then.
func (w *lookout) since(kind rule.ConditionKind, then time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	spans := w.all[kind]
	return len(spans) > 0 && (spans[len(spans)-1].to.IsZero() || spans[len(spans)-1].to.After(then))
}

// counts are how often each kind was open, and for how long in all until now.
func (w *lookout) counts(now time.Time) (
	counts map[rule.ConditionKind]int, lasted map[rule.ConditionKind]time.Duration,
) {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts, lasted = map[rule.ConditionKind]int{}, map[rule.ConditionKind]time.Duration{}
	for kind, spans := range w.all {
		counts[kind] = len(spans)
		for _, s := range spans {
			if s.to.IsZero() {
				s.to = now
			}
			lasted[kind] += s.to.Sub(s.from)
		}
	}
	return counts, lasted
}
