package e2e_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines counts those that hold each of these parts.
func (b *logBuffer) lines(parts ...string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		has := true
		for _, part := range parts {
			has = has && strings.Contains(line, part)
		}
		if has {
			n++
		}
	}
	return n
}

// open are the kinds of the open conditions, as REST shows them, but for reading_behind: that follows from the others.
func (s *stack) open() (kinds []string) {
	s.Helper()
	var answer struct {
		Conditions []struct{ Kind string }
	}
	require.Equal(s, http.StatusOK, s.get("/v1/conditions", &answer))
	for _, c := range answer.Conditions {
		if c.Kind != "reading_behind" {
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds
}

// isOpen waits until these are the open conditions.
func (s *stack) isOpen(kinds ...string) {
	s.Helper()
	s.until("conditions: "+strings.Join(kinds, ", "),
		func() bool { return strings.Join(s.open(), " ") == strings.Join(kinds, " ") })
}

// Kingdee does not answer for a while: one condition, no run after the one that met it, and one line in the log.
func TestWhileKingdeeIsAwayRunsRestAndThenGoOnAtOnce(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	s := start(t, func(s *stack) { s.log = log })
	s.audited("A1", "CK001")
	s.run()
	require.NoError(t, s.kingdee.AddFault(kbehaviour.Fault{
		Service: kbehaviour.ServiceAny, Status: http.StatusBadGateway, Count: 1_000_000,
	}))
	stopped := time.Now()
	s.isOpen("kingdee_away")
	t.Logf("seconds from Kingdee's end to the condition: %.1f", time.Since(stopped).Seconds())
	failures := s.count(`select coalesce(sum(failures), 0) from run_failure`)
	s.rest(8 * time.Second)
	require.Equal(t, failures, s.count(`select coalesce(sum(failures), 0) from run_failure`),
		"runs of eight intervals rested")
	require.Equal(t, 1, log.lines("WARN", "kingdee_away"))
	require.Zero(t, log.lines("WARN", "run did not end"))

	s.kingdee.ClearFaults()
	back := time.Now()
	s.void("A1")
	s.until("a run is complete", func() bool {
		return s.count(`select count(*) from watermark where last_run_time > $1`, back) == 1
	})
	t.Logf("seconds from Kingdee back to the first run: %.1f", time.Since(back).Seconds())
	require.Less(t, time.Since(back), 25*time.Second)
	s.isOpen()
	s.settle()
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Equal(t, 1, s.count(`select count(*) from condition where kind = 'kingdee_away'`))
}

// Another program logs in as our user: sessions are lost as soon as they are opened.
func TestContendedSessionsHaveTheirWord(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.run()
	s.behave(func(p *kbehaviour.Personality) { p.SessionLossRate = 1 })
	s.isOpen("session_contended")
	s.behave(func(p *kbehaviour.Personality) { p.SessionLossRate = 0 })
	s.isOpen()
	s.run()
}

// A login that is refused is left alone, until kingdeesvc was started anew with other settings: then runs go on.
func TestARefusedLoginIsTriedAgainOnceSettingsHaveChanged(t *testing.T) {
	t.Parallel()
	var server *kingdeesvc.Server
	s := start(t, nil)
	s.run()
	addr := s.kingdeeTarget
	logins := func() (n int) {
		for service, calls := range s.kingdee.Calls() {
			if strings.HasPrefix(service, "login") {
				n += calls
			}
		}
		return n
	}
	restart := func(secret string) {
		c := s.kingdee.Config()
		cfg, err := kingdeesvc.LoadConfig(env(map[string]string{
			"KINGDEE_BASE_URL": s.kingdee.URL(), "KINGDEE_ACCT_ID": c.AcctID, "KINGDEE_USERNAME": c.Username,
			"KINGDEE_APP_ID": c.AppID, "KINGDEE_APP_SECRET": secret, "KINGDEESVC_ADDR": addr,
		}))
		require.NoError(t, err)
		server, err = kingdeesvc.Start(t.Context(), cfg, s.logger)
		require.NoError(t, err)
	}
	require.NoError(t, s.kingdeesvc.Stop(t.Context()))
	restart("wrong")
	s.isOpen("login_refused")
	before := logins()
	require.NotZero(t, before)
	s.rest(12 * time.Second)
	require.Equal(t, before, logins(), "accounts lock: nobody tries again")
	require.NoError(t, server.Stop(t.Context()))
	restart(string(s.kingdee.Config().AppSecret))
	s.later(func(ctx context.Context) error { return server.Stop(ctx) })
	changed := time.Now()
	s.until("the condition has ended", func() bool { return len(s.open()) == 0 })
	t.Logf("seconds from the changed setting to the end: %.1f", time.Since(changed).Seconds())
	s.run()
}
