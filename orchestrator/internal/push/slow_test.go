package push

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// queueing is a Kingdee with so many sessions, each of which answers one question after the other.
type queueing struct {
	*vendortest.Books
	sessions chan struct{}
	mu       sync.Mutex
	answer   time.Duration
	asked    int
	givenUp  sync.WaitGroup
}

func newQueueing(sessions int, answer time.Duration) *queueing {
	clock := time.Now()
	q := &queueing{
		Books: vendortest.NewBooks(&clock), sessions: make(chan struct{}, sessions), answer: answer,
	}
	q.Live(1, "A1", "CK001")
	q.Void(1)
	q.Live(2, "A2", "CK001")
	q.Void(2)
	q.Live(3, "A3", "CK001")
	q.UnAudit(3)
	return q
}

func (q *queueing) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	select {
	case q.sessions <- struct{}{}:
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	q.mu.Lock()
	*q.Clock = time.Now() // the query leaves
	q.asked++
	stream, err := q.Books.StreamBillStates(ctx, in)
	answered := time.NewTimer(q.answer)
	q.mu.Unlock()
	select {
	case <-answered.C:
		<-q.sessions
		frames, isFrames := stream.(*vendortest.Frames[kingdeev1.StreamBillStatesResponse])
		if isFrames { // its header was sent when it was asked for
			frames.List[0].GetHeader().ServiceTime = timestamppb.Now()
		}
		return stream, err
	case <-ctx.Done():
		q.givenUp.Go(func() {
			<-answered.C // the session is busy until then
			<-q.sessions
		})
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// slowNotes is a ledger that keeps kingdee_slow, and what was stored of verifications.
type slowNotes struct {
	verifyStore
	mu   sync.Mutex
	open map[rule.Trigger]ledger.Condition
	// rows are the open rows, each by trigger and reason.
	rows   map[[2]string]bool
	stored []ledger.Verified
}

func (s *slowNotes) Claimants(context.Context, []int64) (map[int64][]rule.Claimant, error) {
	return nil, nil
}

func (s *slowNotes) StoreVerified(
	_ context.Context, _ string, _ int, verified []ledger.Verified, _, _ time.Duration,
) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored = append(s.stored, verified...)
	return nil
}

func (s *slowNotes) SlowTriggers(context.Context, string) (map[rule.Trigger]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slow := map[rule.Trigger]string{}
	for trigger, c := range s.open {
		slow[trigger] = c.Reason
	}
	return slow, nil
}

func (s *slowNotes) OpenCondition(_ context.Context, c ledger.Condition) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open, s.rows = map[rule.Trigger]ledger.Condition{}, map[[2]string]bool{}
	}
	was := s.rows[[2]string{c.Trigger, c.Reason}]
	s.open[rule.Trigger(c.Trigger)], s.rows[[2]string{c.Trigger, c.Reason}] = c, true
	return !was, nil
}

func (s *slowNotes) EndCondition(_ context.Context, c ledger.Condition, _ string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := [2]string{c.Trigger, c.Reason}
	was := s.rows[row]
	delete(s.rows, row)
	if s.open[rule.Trigger(c.Trigger)].Reason == c.Reason {
		delete(s.open, rule.Trigger(c.Trigger))
	}
	return was, nil
}

func (s *slowNotes) ProbeBill(_ context.Context, scheme string) (ledger.Due, bool, error) {
	return ledger.Due{Scheme: scheme, BillID: 2, BillNo: "A2"}, true, nil
}

// bothTriggers is the shipped scheme, watching un-audits, too.
func bothTriggers(t *testing.T) intake.Entry {
	t.Helper()
	document := strings.Replace(string(scheme.ShippedDocument()), "    triggers: [voided]\n",
		"    triggers: [voided, un_audited]\n    un_audited: {dwell: 120s}\n    number_reuse: same\n", 1)
	schemes, err := scheme.Load([]byte(document), "schemes.yaml")
	require.NoError(t, err)
	e, _ := intake.NewRegistry(schemes, nil).Entry(schemes[0].Name)
	return e
}

func verifierOf(q kingdeev1.BillServiceClient, notes *slowNotes) *Verifier {
	return &Verifier{Store: notes, Kingdee: q, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
}

// listedOrder is one of a kind and a warehouse that the shipped scheme lists.
var listedOrder = rule.Order{BillKind: "Assembly", Direction: "in", Warehouse: "CK001"}

// voidedDue is a cancellation of such an order, for a voided bill.
func voidedDue(id, bill int64, number string) ledger.Due {
	return ledger.Due{
		ID: id, BillID: bill, BillNo: number, Order: listedOrder, Triggers: []rule.Trigger{rule.TriggerVoided},
	}
}

// Half of verify_after is 30 s for a void. For an un-audit it is 5 s. Times are those of the sandbox's own clock.
func TestSendingGoesOnWhileAVerificationTakesUpToHalfOfVerifyAfter(t *testing.T) {
	const seconds = time.Second
	voided := voidedDue(1, 1, "A1")
	unAudited := ledger.Due{
		ID: 3, BillID: 3, BillNo: "A3", Order: listedOrder, Triggers: []rule.Trigger{rule.TriggerUnAudited},
		Evidence: rule.EvidenceSnapshot, NotBefore: time.Unix(1, 0),
	}
	// Voided, and then only un-audited: what a request for it may wait is what one for an un-audit may.
	once := unAudited
	once.Triggers = []rule.Trigger{rule.TriggerVoided, rule.TriggerUnAudited}
	for name, tc := range map[string]struct {
		sessions int
		answer   time.Duration
		due      ledger.Due
		slow     bool
		reason   string
	}{
		"three sessions, a void, 3 s":        {sessions: 3, answer: 3 * seconds, due: voided},
		"three sessions, a void, 7 s":        {sessions: 3, answer: 7 * seconds, due: voided},
		"three sessions, a void, 20 s":       {sessions: 3, answer: 20 * seconds, due: voided},
		"three sessions, a void, 40 s":       {sessions: 3, answer: 40 * seconds, due: voided, slow: true},
		"three sessions, a void, 120 s":      {sessions: 3, answer: 120 * seconds, due: voided, slow: true},
		"three sessions, an un-audit, 3 s":   {sessions: 3, answer: 3 * seconds, due: unAudited},
		"three sessions, an un-audit, 7 s":   {sessions: 3, answer: 7 * seconds, due: unAudited, slow: true},
		"three sessions, once voided, 3 s":   {sessions: 3, answer: 3 * seconds, due: once},
		"three sessions, once voided, 9 s":   {sessions: 3, answer: 9 * seconds, due: once, slow: true},
		"three sessions, once voided, 30 s":  {sessions: 3, answer: 30 * seconds, due: once, slow: true},
		"one session, a void, 3 s":           {sessions: 1, answer: 3 * seconds, due: voided},
		"one session, a void, 7 s":           {sessions: 1, answer: 7 * seconds, due: voided},
		"one session, a void, 20 s":          {1, 20 * seconds, voided, true, rule.SlowForSessions},
		"one session, a void, 40 s":          {sessions: 1, answer: 40 * seconds, due: voided, slow: true},
		"one session, an un-audit, 3 s":      {1, 3 * seconds, unAudited, true, rule.SlowForSessions},
		"one session, an un-audit, 7 s":      {sessions: 1, answer: 7 * seconds, due: unAudited, slow: true},
		"one session, an un-audit, at once":  {sessions: 1, answer: seconds / 10, due: unAudited},
		"three sessions, a void, not at all": {sessions: 3, answer: 10 * time.Hour, due: voided, slow: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				notes := &slowNotes{}
				e := bothTriggers(t)
				q := newQueueing(tc.sessions, tc.answer)
				defer q.givenUp.Wait()
				v := verifierOf(q, notes)
				if tc.slow && tc.answer <= v.mayTake(e, need(tc.due)) {
					holds, err := v.Run(t.Context(), e, nil, []ledger.Due{tc.due})
					require.NoError(t, err)
					require.Empty(t, holds)
					require.Empty(t, notes.open, "one that waited for sessions is no slow Kingdee; two in a row are")
				}
				began := time.Now()
				holds, err := v.Run(t.Context(), e, nil, []ledger.Due{tc.due})
				if err != nil {
					require.ErrorIs(t, err, errTooSlow)
				}
				c, slow := notes.open[need(tc.due)]
				require.Equal(t, tc.slow, slow)
				require.Equal(t, !tc.slow, len(holds) == 1, "what takes too long is not sent for, and the rest is")
				require.Len(t, notes.stored, len(holds))
				require.LessOrEqual(t, len(notes.open), 1)
				if slow {
					require.Equal(t, e.DataCenter, c.DataCenterID)
					require.Equal(t, tc.reason, c.Reason)
					return
				}
				require.Equal(t, rule.Holds, holds[tc.due.ID].Outcome)
				require.WithinDuration(t, began, holds[tc.due.ID].ReadTime, 0,
					"how old it is counts from when the first query left")
			})
		})
	}
}

// Two batches, one for each account of a bill's orders, and one that was gathered again.
func TestWhatIsVerifiedIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, notes := newQueueing(3, 7*time.Second), &slowNotes{}
		v, e := verifierOf(q, notes), bothTriggers(t)
		batches := [][]ledger.Due{
			{voidedDue(1, 1, "A1"), voidedDue(2, 2, "A2")},
			{voidedDue(11, 1, "A1")},
			{voidedDue(2, 2, "A2")},
		}
		began := time.Now()
		var all sync.WaitGroup
		for i, due := range batches {
			all.Go(func() {
				<-time.After(time.Duration(i) * time.Second)
				holds, err := v.Run(t.Context(), e, nil, due)
				require.NoError(t, err)
				for _, d := range due {
					require.Equal(t, rule.Holds, holds[d.ID].Outcome)
					require.WithinDuration(t, began, holds[d.ID].ReadTime, 0)
				}
			})
		}
		all.Wait()
		require.Equal(t, 2, q.asked, "by id and by number")
		require.Equal(t, 7*time.Second, time.Since(began))

		_, err := v.Run(t.Context(), e, nil, batches[1])
		require.NoError(t, err)
		require.Equal(t, 4, q.asked, "what is over is not used again")
	})
}

// Beside each other, four reads at two sessions would each wait for the others between its own two questions.
func TestVerificationsOfASlowKingdeeTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, notes := newQueueing(2, 20*time.Second), &slowNotes{}
		v, e := verifierOf(q, notes), bothTriggers(t)
		e.Pace.Saw(20 * time.Second)
		for id := int64(4); id < 8; id++ {
			q.Live(id, "B"+string(rune('0'+id)), "CK001")
			q.Void(id)
		}
		var all sync.WaitGroup
		for id := int64(4); id < 8; id++ {
			all.Go(func() {
				due := ledger.Due{Order: listedOrder, ID: id, BillID: id, BillNo: "B" + string(rune('0'+id)),
					Triggers: []rule.Trigger{rule.TriggerVoided}}
				holds, err := v.Run(t.Context(), e, nil, []ledger.Due{due})
				require.NoError(t, err)
				require.Len(t, holds, 1)
			})
		}
		all.Wait()
		require.Empty(t, notes.open)
	})
}

// On one session a verification is two answers. At 40 s each of them is too long, whatever is beside it; at 20 s two
// sessions would do.
func TestKingdeeSlowNamesSessionsOnceMoreOfThemWouldBeEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, notes := newQueueing(1, 40*time.Second), &slowNotes{}
		v, e := verifierOf(q, notes), bothTriggers(t)
		due := []ledger.Due{voidedDue(1, 1, "A1")}
		for _, told := range []struct {
			answer time.Duration
			reason string
		}{
			{40 * time.Second, ""}, {20 * time.Second, rule.SlowForSessions}, {40 * time.Second, rule.SlowForSessions},
		} {
			q.answer = told.answer
			for range 2 {
				_, err := v.run(t.Context(), e, nil, due, rule.TriggerVoided)
				require.NoError(t, err)
			}
			require.Equal(t, map[[2]string]bool{{"voided", told.reason}: true}, notes.rows)
		}
	})
}

func TestAProbeEndsKingdeeSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, notes := newQueueing(1, 20*time.Second), &slowNotes{}
		v, e := verifierOf(q, notes), bothTriggers(t)
		due := []ledger.Due{voidedDue(1, 1, "A1")}
		open := func() bool { return notes.open[rule.TriggerVoided].Kind == rule.ConditionKingdeeSlow }
		slow := func() {
			for range 2 {
				_, err := v.Run(t.Context(), e, nil, due)
				require.NoError(t, err)
			}
			require.True(t, open())
		}
		slow()

		holds, err := v.run(t.Context(), e, nil, due, rule.TriggerVoided)
		require.NoError(t, err)
		require.Empty(t, holds)
		require.NoError(t, v.Probe(t.Context(), e, nil, rule.TriggerVoided))
		require.True(t, open(), "it is as slow as before")

		q.answer = 10 * time.Second
		holds, err = v.run(t.Context(), e, nil, due, rule.TriggerVoided)
		require.NoError(t, err)
		require.Len(t, holds, 1, "what was asked for may be sent")
		require.False(t, open())

		q.answer = 20 * time.Second
		slow()
		q.answer = time.Second
		stored := len(notes.stored)
		require.NoError(t, v.Probe(t.Context(), e, nil, rule.TriggerVoided))
		require.False(t, open(), "also where no cancellation waits")
		require.Len(t, notes.stored, stored, "of which nothing is stored")
	})
}
