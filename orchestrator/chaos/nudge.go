package main

import (
	"context"
	"net/http"
	"time"
)

// nudgeTime is how often somebody asks for an incremental run during the storm. They come by themselves as well, but
// the process that inserts them is dead half of the time, and then nothing would happen that a kill could disturb.
const nudgeTime = 400 * time.Millisecond

// nudgesAReconcile is how many incremental runs are asked for to one reconcile run.
const nudgesAReconcile = 5

// impatient asks the orchestrators for incremental runs and reconcile runs, in turn. What they answer does not matter:
// they may be dead.
func (s *storm) impatient(ctx context.Context) {
	client := http.Client{Timeout: time.Second}
	for n := 0; ; n++ {
		wait(ctx, nudgeTime)
		if ctx.Err() != nil {
			return
		}
		what := "runs"
		if n%nudgesAReconcile == nudgesAReconcile-1 {
			what = "reconciles"
		}
		s.ask(ctx, client, n, what)
	}
}

// askForReconciles asks for a reconcile run every other second.
func (t *town) askForReconciles(ctx context.Context) {
	client := http.Client{Timeout: time.Second}
	for n := 0; ctx.Err() == nil; n++ {
		t.ask(ctx, client, n, "reconciles")
		wait(ctx, nudgesAReconcile*nudgeTime)
	}
}

// ask asks one of the orchestrators for an incremental run or a reconcile run now.
func (t *town) ask(ctx context.Context, client http.Client, n int, what string) {
	where := t.members[[]string{first, second}[n%2]].rest()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"http://"+where+"/v1/schemes/"+schemeName+"/"+what, http.NoBody)
	if err != nil {
		return // it has no address yet
	}
	if response, err := client.Do(request); err == nil {
		_ = response.Body.Close()
	}
}
