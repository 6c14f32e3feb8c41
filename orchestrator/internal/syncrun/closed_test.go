package syncrun_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// returns is a scheme of 退料申请单 that counts a closed bill as a voided one.
const returns = `schemes:
  - name: assembly-void
    form: PUR_MRAPP
    sandbox_only: true
    kingdee:
      data_center: 6040d4f5a1b2c3
      keys: {close_status: FCloseStatus, close_time: FCloseDate, FEntity.warehouse_number: F_ABC_Stock.FNumber}
    closed_ends: true
    orders:
      out: {lines: lines, order_code: bill.number, order_type: CGTH}
    warehouses:
      CK001: {account: default, code: WH-HZ01}
    examples:
      - order_kind: out
        bill: {number: TL1, lines: {lines: [{warehouse: CK001}]}}
        orders: [{warehouse_code: WH-HZ01, order_code: TL1, order_type: CGTH}]
`

// setupReturns is a bench of that scheme, with one bill that is live and read.
func setupReturns(t *testing.T, document string) *living {
	t.Helper()
	b := setupLiving(t)
	schemes, err := scheme.Load([]byte(document), "test.yaml")
	require.NoError(t, err)
	e, _ := b.Job.Registry.Entry("assembly-void")
	e.Scheme = schemes[0]
	b.Put(e)
	b.Run()
	b.Books.Fresh(1, "TL1", "CK001")
	b.Books.Bills[1].Kind = ""
	b.Run()
	b.Later(time.Hour)
	b.Run() // its other dates lie below the next run's edge
	return b
}

func (b *living) bill() string {
	b.Helper()
	return b.Text(`select class || ' e' || generation || case when closed then ' closed' else '' end from bill`)
}

func TestAClosedBillIsCancelledAndItsVoidIsNoSecondCancellation(t *testing.T) {
	b := setupReturns(t, returns)
	b.Books.Close(1)
	b.Run()
	require.Equal(t, "voided e1 closed", b.bill())
	require.Equal(t, "1 WH-HZ01 open voided", b.cancellations())
	require.Len(t, b.Verify(), 1, "a fresh read says that it is closed, and the request may leave")
	require.Equal(t, "单据状态 已审核，已关闭（计为作废），判定 已作废",
		b.Text(`select detail from reporting.bill_history where event = 'last_read'`))
	require.Equal(t, "关闭：TL1 CGTH 仓库 WH-HZ01",
		b.Text(`select detail from reporting.bill_history where event = 'cancellation'`))

	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "voided e1", b.bill())
	require.Equal(t, "1 WH-HZ01 open voided", b.cancellations())
	require.Len(t, b.Verify(), 1)
}

func TestAReopenedBillIsLiveInAnotherGeneration(t *testing.T) {
	b := setupReturns(t, returns)
	b.Books.Close(1)
	b.Run()
	rowtest.New(t, b.Pool).Exec(
		`update cancellation_now set state = 'done', outcome = 'cancelled', outcome_time = now()`)
	b.Later(time.Minute)
	b.Books.Reopen(1)
	b.Run()
	require.Equal(t, "live e2", b.bill())
	require.Equal(t, "1 WH-HZ01 done voided", b.cancellations())
	require.Equal(t, "restored_after_cancel", b.Text(`select kind from work_item where close_time is null`),
		"its order is cancelled, and it is live")

	b.Later(time.Minute)
	b.Books.Close(1)
	b.Run()
	require.Equal(t, "voided e2 closed", b.bill())
	require.Equal(t, "1 WH-HZ01 done voided; 1 WH-HZ01 open voided", b.cancellations(), "what it owes is asked anew")
}

func TestABillReopenedBeforeItsRequestLeftOwesNothing(t *testing.T) {
	b := setupReturns(t, returns)
	b.Books.Close(1)
	b.Run()
	b.Later(time.Minute)
	b.Books.Reopen(1)
	require.Empty(t, b.Verify(), "no trigger holds any longer")
	b.Run()
	require.Equal(t, "live e2", b.bill())
	require.Equal(t, "1 WH-HZ01 withdrawn voided", b.cancellations())
}

func TestAClosedBillStaysLiveWhereNobodyCountsIt(t *testing.T) {
	b := setupReturns(t, strings.Replace(returns, "    closed_ends: true\n", "", 1))
	b.Books.Close(1)
	b.Run()
	require.Equal(t, "live e1", b.bill())
	require.Empty(t, b.cancellations())
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "voided e1", b.bill())
	require.Equal(t, "1 WH-HZ01 open voided", b.cancellations())
}

// rekey stores a revision of the scheme that names another key for a column.
func (b *living) rekey() {
	b.Helper()
	e, _ := b.Job.Registry.Entry("assembly-void")
	revisions, err := b.Acts().ApplySchemes(b.Context(), operate.SchemeFile{
		Scheme: e.Name, Title: "t", FormID: "STK_AssembledApp", DataCenterID: e.DataCenter, Accounts: e.Accounts(),
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: "h2", Document: "d",
		Keys:   map[string]string{"approve_time": "F_ABC_Audited"},
		KeysOf: func(string) (map[string]string, error) { return map[string]string{}, nil },
	})
	require.NoError(b, err)
	e.Revision = revisions[e.Name]
	require.Equal(b, 2, e.Revision)
	b.Put(e)
}

// Another key for a date showed another date, and every voided bill that was read again was asked for a second time.
func TestAnotherKeyForADateIsNoOtherLife(t *testing.T) {
	b := setupReturns(t, returns)
	b.Books.Void(1)
	b.Run()
	rowtest.New(t, b.Pool).Exec(
		`update cancellation_now set state = 'done', outcome = 'cancelled', outcome_time = now()`)
	b.Later(time.Minute)
	b.rekey()
	bill := b.Books.Bills[1]
	bill.ApproveTime = timestamppb.New(b.Clock.Add(-24 * time.Hour))
	bill.CancelTime = timestamppb.New(b.Clock.Add(-10 * time.Hour))
	b.Run()
	require.Equal(t, "voided e1", b.bill())
	require.Equal(t, "1 WH-HZ01 done voided", b.cancellations())
	b.Later(time.Minute)
	bill.CancelTime = timestamppb.New(b.Clock)
	b.Run()
	require.Equal(t, "voided e2", b.bill(), "from then on a date that moves is another life, as ever")
}

// A live bill kept the warehouse that the key before had shown, because nothing about it had moved.
func TestAnotherKeyForALinesColumnIsReadFromLiveBills(t *testing.T) {
	b := setupReturns(t, returns)
	b.Later(time.Minute)
	b.rekey()
	b.Books.Bills[1].Entities[0].Lines[0].WarehouseNumber = "CK009"
	b.Run()
	require.Equal(t, "live e1", b.bill())
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Empty(t, b.cancellations(), "the warehouse that its line names is none of the scheme's")
}
