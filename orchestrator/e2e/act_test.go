package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// act posts an act about the one cancellation there is.
func (s *stack) act(verb string) {
	s.Helper()
	body := fmt.Sprintf(`{"filter": {"scheme": "assembly-void", "cancellationIds": ["%d"]}, "reason": "问过仓库"}`,
		s.count(`select cancellation_id from cancellation_now`))
	require.Equal(s, http.StatusOK, s.post("/v1/cancellations:"+verb, body))
	require.Equal(s, 1, s.count(`select count(*) from operator_action_cancellation`), "it applied")
}

var theOrder = warehouse.Key{WarehouseCode: "WH-HZ01", OrderCode: "A1", OrderType: "QTRK"}

// tooLate leaves a voided bill whose order the warehouse has worked on.
func tooLate(t *testing.T) *stack {
	t.Helper()
	s := start(t, nil)
	s.audited("A1", "CK001")
	_, err := s.wms.SetState(warehouse.Move{Key: theOrder, To: warehouse.StateDone, Force: true})
	require.NoError(t, err)
	s.void("A1")
	s.until("the verdict", func() bool { return s.verdict("A1") == "来不及" })
	return s
}

func TestWhatWasTooLateIsIgnored(t *testing.T) {
	t.Parallel()
	s := tooLate(t)
	s.act("ignore")
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where state = 'closed' and outcome = 'ignored'`))
	require.Zero(t, s.count(`select count(*) from work_item where close_time is null`))
	require.Equal(t, "来不及", s.verdict("A1"))
}

func TestWhatWasTooLateIsMarkedDone(t *testing.T) {
	t.Parallel()
	s := tooLate(t)
	s.act("markDone")
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Requests, "nothing was sent for it")
}

func TestARetryAfterTheWarehousePutItRightCancels(t *testing.T) {
	t.Parallel()
	s := tooLate(t)
	_, err := s.wms.SetState(warehouse.Move{Key: theOrder, To: warehouse.StateApproved, Force: true})
	require.NoError(t, err)
	s.act("retry")
	s.settle()
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Effects)
}

func TestARetryOfABillThatWasRestoredMeanwhileSendsNothing(t *testing.T) {
	t.Parallel()
	s := tooLate(t)
	_, err := s.wms.SetState(warehouse.Move{Key: theOrder, To: warehouse.StateApproved, Force: true})
	require.NoError(t, err)
	_, err = s.kingdee.Do(t.Context(), "A1", books.ActionRestore, books.Edit{}, "")
	require.NoError(t, err)
	// A run may see the restore first; then the act is refused, and nothing is sent either.
	body := fmt.Sprintf(`{"filter": {"scheme": "assembly-void", "cancellationIds": ["%d"]}, "reason": "x"}`,
		s.count(`select cancellation_id from cancellation_now`))
	require.Equal(t, http.StatusOK, s.post("/v1/cancellations:retry", body))
	s.settle()
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where state = 'withdrawn'`))
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Requests)
}

// The WMS says four times that it did not, in words that nobody knows; a person finds out that the order is cancelled
// all the same.
func TestATextThatNobodyKnewIsReclassifiedAndSettlesWhatWaited(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		s.scheme = []byte(strings.ReplaceAll(string(scheme.ShippedDocument()), "backoff: 1s", "backoff: 200ms"))
	})
	s.audited("A1", "CK001")
	require.NoError(t, s.wms.AddFaults(wbehaviour.Fault{Kind: "race", OrderCode: "A1", Times: 4}))
	s.void("A1")
	s.until("it is a person's",
		func() bool { return s.count(`select count(*) from work_item where kind = 'answer_unrecognised'`) == 1 })
	require.Equal(t, 4, s.count(`select attempt from cancellation_now`), "at once and after 1, 5 and 15 backoffs")
	var text string
	require.NoError(t, s.pool.QueryRow(t.Context(),
		`select vendor_message from reporting.vendor_answer
where text_id is not null and classified_as = ''`).Scan(&text))

	body := fmt.Sprintf(`{"text": %q, "disposition": "already_cancelled", "reason": "仓库已撤单"`, text)
	require.Equal(t, http.StatusOK, s.post("/v1/answers:reclassify", body+`, "dryRun": true}`))
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where state = 'open'`), "a preview")
	require.Equal(t, http.StatusOK, s.post("/v1/answers:reclassify", body+`}`))
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Equal(t, 4, s.truth("WH-HZ01", "A1").Requests, "nothing more was sent")
	require.Equal(t, 4, s.count(`select count(*) from attempt where disposition = 'rejected'`),
		"what they were taken for then")
}
