package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func TestBrokenConnectionsAndGateways(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     behaviour.FaultKind
		reset    bool
		breaks   bool // the client sees a transport error
		status   int
		effects  int
		answered bool
	}{
		{kind: behaviour.FaultCommitThenDrop, breaks: true, effects: 1},
		{kind: behaviour.FaultCommitThenDrop, reset: true, breaks: true, effects: 1},
		{kind: behaviour.FaultCommitThenCut, breaks: true, status: 200, effects: 1},
		{kind: behaviour.FaultDropBeforeCommit, breaks: true},
		{kind: behaviour.FaultDropBeforeCommit, reset: true, breaks: true},
		{kind: behaviour.FaultBadGateway, status: 502},
		{kind: behaviour.FaultCommitThenBadGateway, status: 502, effects: 1},
		{kind: "redirect", status: 307},
		{kind: behaviour.FaultThrottle, status: 200, answered: true},
	} {
		t.Run(fmt.Sprintf("%s reset=%v", c.kind, c.reset), func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX1", warehouse.StateApproved)
			require.NoError(t, b.AddFaults(behaviour.Fault{Kind: c.kind, Reset: c.reset}))
			got, err := b.send(cancelBody(k))
			require.Equal(t, c.breaks, err != nil, "%v", err)
			require.Equal(t, c.status, got.status)
			if c.status == 502 {
				require.Contains(t, got.body, "<html>")
				require.Equal(t, "wms", got.header.Get(sandbox.HeaderSandbox))
			}
			truth := b.truth(k)
			require.Equal(t, c.effects, truth.Effects)
			require.Equal(t, 1, truth.Requests)
			require.Equal(t, c.kind, truth.Arrivals[0].Fault)
			require.Equal(t, c.answered, truth.Arrivals[0].Answered)

			require.Empty(t, b.Faults(), "a fault is played once")
			next := b.cancel(k)
			require.Equal(t, c.effects == 0, next.Flag == "success")
		})
	}
}

func TestOddAnswersStillTellTheTruthInTheBook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     behaviour.FaultKind
		effects  int
		contains string
		lacks    string
	}{
		{"msg_element", 1, "<msg>", "<message>"},
		{"empty_message", 1, "<message></message>", "取消成功"},
		{"no_message", 1, "<flag>success</flag>", "<message>"},
		{"no_code", 1, "<flag>success</flag>", "<code>"},
		{"empty_code", 1, "<code></code>", ""},
		{"code_0000", 1, "<code>0000</code>", ""},
		{"code_200", 1, "<code>200</code>", ""},
		{"bare", 1, "<response><flag>success</flag></response>", "\r\n"},
		{"no_declaration", 1, "<response>", "<?xml"},
		{"upper_charset", 1, `encoding="UTF-8"`, ""},
		{"text_plain", 1, "<flag>success</flag>", ""},
		{"extra_elements", 1, "<request_id>", ""},
		{"declared_gbk", 1, "encoding=\"GBK\"", "取消成功"},
		{"byte_order_mark", 1, "\ufeff", ""},
		{"undeclared_gbk", 1, "utf-8", "取消成功"},
		{"no_flag", 1, "<code>", "<flag>"},
		{"doctype", 1, "<!DOCTYPE", ""},
		{"oversize", 1, strings.Repeat("x", 1<<20), ""},
		{"broken_xml", 1, "<response>", "</response>"},
		{"empty_body", 1, "", "<"},
		{"not_xml", 1, "OK", "<"},
		{"json", 1, `"flag":"success"`, "<"},
		{"gzip", 1, "<flag>success</flag>", ""}, // this client unpacks it unasked
		{"sub_code", 0, "<code>15</code><message></message><sub_code>sign-check-failure</sub_code>", ""},
		{"noop", 0, "<flag>success</flag><code>0</code><message>旺店通WMS返回：消息接收成功,但未做什么操作", ""},
		{"not_deployed", 0, "client.protocol.invalid-argument", ""},
		{"db_error", 0, "<flag>failure</flag>", ""},
		{"race", 0, "请重试", ""},
		{"flag_error", 0, "<flag>error</flag><code>-1</code>", ""},
		{behaviour.FaultSlowReply, 1, "取消成功", ""},
		{behaviour.FaultSlow, 1, "取消成功", ""},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX1", warehouse.StateApproved)
			require.NoError(t, b.AddFaults(behaviour.Fault{Kind: c.kind, DelayMS: 1}))
			got, err := b.send(cancelBody(k))
			require.NoError(t, err)
			require.Equal(t, 200, got.status)
			require.Contains(t, got.body, c.contains)
			if c.lacks != "" {
				require.NotContains(t, got.body, c.lacks)
			}
			require.Equal(t, c.effects, b.truth(k).Effects)
		})
	}
}

func TestEveryFaultKindIsExplainedInTheReadme(t *testing.T) {
	t.Parallel()
	readme := readFile(t, "README.md")
	for _, kind := range behaviour.FaultKinds() {
		require.Contains(t, readme, "`"+string(kind)+"`")
	}
}

func TestFaultsAreForOneNumberOrForAny(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.order("ZZCX1", warehouse.StateApproved), b.order("ZZCX2", warehouse.StateApproved)
	require.NoError(t, b.AddFaults(
		behaviour.Fault{Kind: behaviour.FaultThrottle, OrderCode: "ZZCX2", Times: 2},
		behaviour.Fault{Kind: "race"},
	))
	require.Contains(t, b.cancel(first).text(), "请重试")
	require.Equal(t, "success", b.cancel(first).Flag)
	require.Contains(t, b.cancel(second).text(), "频率限制")
	require.Equal(t, 1, b.Faults()[0].Times)
	require.Contains(t, b.cancel(second).text(), "频率限制")
	require.Equal(t, "success", b.cancel(second).Flag)

	err := b.AddFaults(behaviour.Fault{Kind: behaviour.FaultSlow}, behaviour.Fault{Kind: "nonsense"})
	require.ErrorIs(t, err, behaviour.ErrInvalid)
	require.Empty(t, b.Faults(), "all or none")
}

func TestAClientThatGivesUpDoesNotUndoAnything(t *testing.T) {
	t.Parallel()
	for _, kind := range []behaviour.FaultKind{behaviour.FaultSlow, behaviour.FaultSlowReply} {
		t.Run(string(kind), func(t *testing.T) {
			b := setup(t)
			k := b.order("ZZCX1", warehouse.StateApproved)
			require.NoError(t, b.AddFaults(behaviour.Fault{Kind: kind, DelayMS: 200}))
			b.client.Timeout = 50 * time.Millisecond
			_, err := b.send(cancelBody(k))
			var timeout interface{ Timeout() bool }
			require.True(t, errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
			require.Eventually(t, func() bool { return b.truth(k).Effects == 1 }, 10*time.Second, 5*time.Millisecond)
		})
	}
}

func TestStopEndsWaitingAnswersWithoutCommitting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := b.order("ZZCX1", warehouse.StateApproved)
	require.NoError(t, b.AddFaults(behaviour.Fault{Kind: behaviour.FaultSlow, DelayMS: 100_000}))
	ended := make(chan error, 1)
	go func() {
		_, err := b.send(cancelBody(k))
		ended <- err
	}()
	require.Eventually(t, func() bool { return len(b.Faults()) == 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, b.Stop(context.Background()))
	require.Error(t, <-ended)
	require.Zero(t, b.truth(k).Effects)
	require.NoError(t, b.Stop(context.Background()), "twice is allowed")
	require.NoError(t, b.Wait())
}

func TestChaosPlaysFaultsByChance(t *testing.T) {
	t.Parallel()
	b := setup(t, personality(behaviour.Personality{Chaos: map[behaviour.FaultKind]float64{"race": 0.5}}))
	raced := 0
	for i := range 200 {
		if strings.Contains(b.cancel(b.order(fmt.Sprint(i), warehouse.StateApproved)).text(), "请重试") {
			raced++
		}
	}
	require.Greater(t, raced, 50)
	require.Less(t, raced, 150)
	require.Equal(t, int64(200-raced), b.Status().Effects)
}

func TestACancelThatFollowsARedirectIsSeenAsASecondRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := b.order("ZZCX1", warehouse.StateApproved)
	require.NoError(t, b.AddFaults(behaviour.Fault{Kind: "redirect"}))
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
	require.Equal(t, "success", b.cancel(k).Flag)
	require.Equal(t, 2, b.truth(k).Requests)
}
