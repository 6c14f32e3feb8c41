package process

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// browser follows events as an EventSource does: it asks again when a watch breaks, from what it saw last.
type browser struct {
	mu      sync.Mutex
	last    string
	settled []string
	begun   int
}

// follow watches until ctx ends.
func (b *browser) follow(ctx context.Context, url string) {
	for ctx.Err() == nil {
		b.once(ctx, url)
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (b *browser) once(ctx context.Context, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	request.Header.Set("Accept", "text/event-stream")
	if last := b.seen(); last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for id := ""; lines.Scan(); {
		switch text := lines.Text(); {
		case strings.HasPrefix(text, "retry: "):
			b.note(func() { b.begun++ })
		case strings.HasPrefix(text, "id: "):
			id = strings.TrimPrefix(text, "id: ")
		case strings.HasPrefix(text, "data: "):
			b.take(strings.TrimPrefix(text, "data: "))
		case text == "" && id != "":
			b.note(func() { b.last = id })
		}
	}
}

func (b *browser) take(data string) {
	var event struct{ BillNo, Kind, State string }
	if json.Unmarshal([]byte(data), &event) == nil && event.Kind == "EVENT_KIND_CANCELLATION_SETTLED" {
		b.note(func() { b.settled = append(b.settled, event.BillNo) })
	}
}

func (b *browser) note(what func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	what()
}

func (b *browser) seen() (last string) {
	b.note(func() { last = b.last })
	return last
}

// told says how often a bill's cancellation was told of as settled.
func (b *browser) told(number string) (times int) {
	b.note(func() {
		for _, one := range b.settled {
			if one == number {
				times++
			}
		}
	})
	return times
}

// A board in a browser follows a day; the orchestrator is killed in the middle of it, and stopped at its end. Nothing
// is missed and nothing is told twice.
func TestAWatchOverRESTGoesOnBehindAKilledOrchestrator(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	first, client := w.orchestrate(nil)
	addrs := slices.Clone(first.Addrs)
	require.NoError(t, client.Baseline(ctx))
	void := func(number string) {
		_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, number)
		require.NoError(t, err)
	}
	board := &browser{}
	within, leave := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		board.follow(within, "http://"+addrs[1]+"/v1/events:watch?scheme=assembly-void")
	}()
	defer func() { leave(); <-gone }()
	await(t, time.Minute, "the board watches", func() bool { return board.seen() != "" })

	void("ZZCX000151")
	await(t, time.Minute, "the first bill is told", func() bool { return board.told("ZZCX000151") > 0 })
	first.Kill()
	void("ZZCX000154")
	second, client := w.orchestrate(map[string]string{
		"ORCHESTRATOR_GRPC_ADDR": addrs[0], "ORCHESTRATOR_HTTP_ADDR": addrs[1],
	})
	await(t, time.Minute, "the bill of the time between is told", func() bool { return board.told("ZZCX000154") > 0 })
	require.NoError(t, client.Settled(ctx))
	terminate(t, second)
	require.Equal(t, []int{1, 1}, []int{board.told("ZZCX000151"), board.told("ZZCX000154")}, "once each")
	board.note(func() { require.GreaterOrEqual(t, board.begun, 2) })
}
