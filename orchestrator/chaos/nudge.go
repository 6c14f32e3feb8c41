package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// nudgeTime is how often somebody asks for an incremental run during the storm. They come by themselves as well, but
// the process that inserts them is dead half of the time, and then nothing would happen that a kill could disturb.
const nudgeTime = 400 * time.Millisecond

// nudgesAReconcile is how many incremental runs are asked for to one reconcile run.
const nudgesAReconcile = 5

// Kinds of runs, as REST takes them.
const (
	incremental = "RUN_KIND_INCREMENTAL"
	reconcile   = "RUN_KIND_RECONCILE"
)

// impatient asks the orchestrators for incremental runs and reconcile runs, in turn.
func (s *storm) impatient(ctx context.Context) {
	client := http.Client{Timeout: time.Second}
	for n := 0; ; n++ {
		wait(ctx, nudgeTime)
		if ctx.Err() != nil {
			return
		}
		kind := incremental
		if n%nudgesAReconcile == nudgesAReconcile-1 {
			kind = reconcile
		}
		taken, err := s.ask(ctx, client, n, kind)
		s.fail(err)
		if taken {
			s.count(func() { s.asked++ })
		}
	}
}

// askForReconciles asks for a reconcile run every other second.
func (t *town) askForReconciles(ctx context.Context) {
	client := http.Client{Timeout: time.Second}
	for n := 0; ctx.Err() == nil; n++ {
		if _, err := t.ask(ctx, client, n, reconcile); err != nil {
			t.logger.WarnContext(ctx, "reconcile run not asked for", "err", err)
		}
		wait(ctx, nudgesAReconcile*nudgeTime)
	}
}

// ask asks one of the orchestrators for a run now, and says whether it took the question. That it does not answer, or
// that it cannot, is no error: it may be dead, or its ledger away.
func (t *town) ask(ctx context.Context, client http.Client, n int, kind string) (taken bool, err error) {
	where := "http://" + t.members[[]string{first, second}[n%2]].rest() + "/v1/schemes/" + schemeName + "/runs"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where, strings.NewReader(`{"kind":"`+kind+`"}`))
	if err != nil {
		return false, err
	}
	response, err := client.Do(request)
	if err != nil {
		return false, nil //nolint:nilerr // it is dead
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
	if bytes.Contains(said, []byte("SCHEME_STOPPED")) {
		return false, nil // until a person has looked, because a permission was lost
	}
	if response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusNotFound {
		return false, fmt.Errorf("ask for a run: %s: %s", response.Status, said)
	}
	return response.StatusCode == http.StatusOK, nil
}
