package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// withUnAudits is a stack whose scheme acts on un-audits, too, and says that the WMS takes a number again. Its Kingdee
// clears the approve date with an un-audit and says of a void the day only: nothing but the modify date shows a life
// between two reads.
func withUnAudits(t *testing.T) *stack {
	t.Helper()
	s := start(t, func(s *stack) {
		s.scheme = saying("triggers: [voided]\n",
			"triggers: [voided, un_audited]\n    un_audited: {dwell: 1s}\n    number_reuse: same\n")
	})
	s.kingdee.SetPersonality(kbehaviour.Personality{CancelDateOnly: true})
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{RecreateCancelled: true}))
	return s
}

// betweenReads does something while no run reads Kingdee, with a second around it, so that stamps move.
func (s *stack) betweenReads(do func()) {
	s.Helper()
	var unlock func()
	s.until("no run is under way", func() bool {
		free, ok, err := rooms.New(s.pool).TryLockRun(s.Context(), "assembly-void")
		require.NoError(s, err)
		unlock = free
		return ok
	})
	defer unlock()
	s.rest(1100 * time.Millisecond)
	do()
}

// tenMinutesLater lets what is doubted have stood still for ten minutes, and waits until it was asked about.
func (s *stack) tenMinutesLater(no string) {
	s.Helper()
	s.settle()
	_, err := s.pool.Exec(s.Context(), `
with b as (update bill set reread_time = now() where reread_time is not null and bill_no = $1
    returning scheme, bill_id)
update bill_doubt d set doubted_since = doubted_since - interval '10 minutes' from b
where d.scheme = b.scheme and d.bill_id = b.bill_id`, no)
	require.NoError(s, err)
	s.settle()
}

// outcomes are how a bill's cancellations ended, in the order in which they were written: warehouse, generation,
// question, state and outcome of each.
func (s *stack) outcomes(no string) (all string) {
	s.Helper()
	require.NoError(s, s.pool.QueryRow(s.Context(), `
select coalesce(string_agg(concat_ws(' ', warehouse_code, generation, question, state, nullif(outcome, state)),
       '; ' order by cancellation_id), '')
from cancellation_now where bill_no = $1`, no).Scan(&all))
	return all
}

func (s *stack) edit(no string, e books.Edit) {
	s.Helper()
	_, err := s.kingdee.Edit(s.Context(), no, e)
	require.NoError(s, err)
}

// live waits until the ledger has a bill as live.
func (s *stack) live(no string) {
	s.Helper()
	s.until("it is live", func() bool {
		return s.count(`select count(*) from bill where bill_no = $1 and class = 'live'`, no) == 1
	})
}

// Un-audited, its order cancelled; then audited again, which made the order anew, and un-audited or voided before
// anybody looked. The order stood, and the ledger said done.
func TestAnOrderMadeAnewBetweenTwoReadsIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, end := range [][]books.Action{{books.ActionUnaudit}, {books.ActionUnaudit, books.ActionVoid}} {
		t.Run(string(end[len(end)-1]), func(t *testing.T) {
			t.Parallel()
			s := withUnAudits(t)
			s.audited("A1", "CK001")
			s.live("A1")
			s.do("A1", books.ActionUnaudit)
			s.until("its order is cancelled", func() bool { return s.truth("WH-HZ01", "A1").Effects == 1 })
			s.settle()
			s.betweenReads(func() {
				s.do("A1", books.ActionSubmit, books.ActionAudit)
				s.do("A1", end...)
			})
			s.settle()
			require.Equal(t, "WH-HZ01 1 0 done cancelled", s.outcomes("A1"))
			require.Equal(t, 1, s.truth("WH-HZ01", "A1").Requests, "nobody asks while it may still be edited")
			s.tenMinutesLater("A1")
			require.Equal(t, "WH-HZ01 1 0 done cancelled; WH-HZ01 1 1 done cancelled", s.outcomes("A1"))
			require.Equal(t, 2, s.truth("WH-HZ01", "A1").Effects, "the order that was made anew is cancelled")
			require.Equal(t, "已取消", s.verdict("A1"))
		})
	}
}

// Un-audited, moved to another warehouse, audited, which made an order there, and voided, all before anybody looked.
// Only the warehouse of the snapshot was asked.
func TestTheWarehouseOfALifeBetweenTwoReadsIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := withUnAudits(t)
	s.audited("A1", "CK001")
	s.live("A1")
	s.betweenReads(func() {
		s.do("A1", books.ActionUnaudit)
		s.edit("A1", books.Edit{Stock: "CK002"})
		s.do("A1", books.ActionSubmit, books.ActionAudit, books.ActionUnaudit, books.ActionVoid)
	})
	s.settle()
	require.Equal(t, "WH-HZ01 1 0 done cancelled", s.outcomes("A1"))
	s.tenMinutesLater("A1")
	require.Equal(t, "WH-HZ01 1 0 done cancelled; WH-YW01 1 1 done cancelled", s.outcomes("A1"))
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Requests, "that one was asked after the void")
	require.Equal(t, 1, s.truth("WH-YW01", "A1").Effects)
}

// Voided, its order cancelled; restored, audited and voided on the same day before anybody looked, where a void says
// the day only.
func TestASecondVoidOnTheSameDayIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := withUnAudits(t)
	s.audited("A1", "CK001")
	s.live("A1")
	s.do("A1", books.ActionUnaudit, books.ActionVoid)
	s.until("its order is cancelled", func() bool { return s.truth("WH-HZ01", "A1").Effects == 1 })
	s.settle()
	s.betweenReads(func() {
		s.do("A1", books.ActionRestore, books.ActionSubmit, books.ActionAudit, books.ActionUnaudit, books.ActionVoid)
	})
	s.tenMinutesLater("A1")
	require.Equal(t, "WH-HZ01 1 0 done cancelled; WH-HZ01 1 1 done cancelled", s.outcomes("A1"))
	require.Equal(t, 2, s.truth("WH-HZ01", "A1").Effects)
}

// Drafts are saved for an hour, and each answer of the warehouse is written into the bill, which moves the modify date
// again.
func TestAnHourOfDraftSavesAndAPlugInThatWritesTheAnswerBackMakeOneQuestionADay(t *testing.T) {
	t.Parallel()
	s := withUnAudits(t)
	s.audited("A1", "CK001")
	s.live("A1")
	s.do("A1", books.ActionUnaudit)
	s.settle()
	note := func(text string) {
		s.Helper()
		s.betweenReads(func() { s.edit("A1", books.Edit{Note: &text}) })
	}
	for _, text := range []string{"a", "b", "c"} {
		note(text)
		s.run()
	}
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Requests)
	s.tenMinutesLater("A1")
	const asked = "WH-HZ01 1 0 done cancelled; WH-HZ01 1 1 closed nothing_to_cancel"
	require.Equal(t, asked, s.outcomes("A1"))
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Zero(t, s.count(`select count(*) from work_item`), "that there was nothing to cancel is nobody's matter")
	for _, text := range []string{"已取消", "已取消 "} {
		note(text)
		s.tenMinutesLater("A1")
		require.Equal(t, asked, s.outcomes("A1"), "asked today")
	}
	_, err := s.pool.Exec(t.Context(), `update bill_doubt set asked_time = asked_time - interval '1 day'`)
	require.NoError(t, err)
	s.tenMinutesLater("A1")
	require.Equal(t, asked+"; WH-HZ01 1 2 closed nothing_to_cancel", s.outcomes("A1"), "the next day")
	require.Equal(t, 3, s.truth("WH-HZ01", "A1").Requests)
}
