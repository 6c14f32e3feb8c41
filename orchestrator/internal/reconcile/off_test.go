package reconcile_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Rule 1 (docs/rules.md): bills were un-audited for good under a scheme that acts on voids alone. Their orders stood,
// and nobody had said so.
func TestWhatATriggerThatIsOffWouldHaveOwedIsToldOnce(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 4; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	told := func() string {
		t.Helper()
		return b.Text(`
select coalesce(string_agg(subject || ' ' || detail || case when close_time is null then '' else ' closed' end, '; '
       order by work_item_id), '') from work_item where kind = 'trigger_off'`)
	}
	b.unAudit(1)
	b.recheck()
	b.reconcile()
	require.Empty(t, told(), "an edit ends within the hour")
	b.Later(61 * time.Minute)
	b.Run()
	b.reconcile()
	require.Equal(t, "un_audited 1: A1", told())
	require.Contains(t, b.Text(`select message || action from reporting.work_item where kind = 'trigger_off'`),
		"方案未启用此触发条件，这些单据的仓库单仍在（un_audited）：1: A1")

	b.unAudit(2)
	b.recheck()
	b.Later(61 * time.Minute)
	b.Run()
	b.reconcile()
	require.Equal(t, "un_audited 2: A1, A2", told(), "one item, whose count follows")

	item, err := strconv.ParseInt(b.Text(`select work_item_id::text from work_item where kind = 'trigger_off'`), 10, 64)
	require.NoError(t, err)
	_, err = b.Acts().CloseWorkItems(t.Context(),
		ledger.Act{Scheme: "assembly-void", Actor: "li", Reason: "the warehouse cancels them"}, []int64{item}, false)
	require.NoError(t, err)
	b.unAudit(3)
	b.recheck()
	b.Later(61 * time.Minute)
	b.Run()
	b.reconcile()
	require.Equal(t, "un_audited 2: A1, A2 closed", told(), "who has accepted it is not told again")
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation`))
}

func TestVoidsOfASchemeThatDoesNotActOnThemAreToldUntilItDoes(t *testing.T) {
	b := setupRereading(t)
	b.acting("un_audited")
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	b.reconcile()
	const told = `select coalesce(string_agg(subject || ' ' || detail || ' ' || close_reason, '; '), '')
from work_item where kind = 'trigger_off'`
	require.Equal(t, "voided 1: A1 ", b.Text(told))
	b.acting("voided")
	b.Run()
	b.reconcile()
	require.Equal(t, "voided 1: A1 the scheme has the trigger", b.Text(told))
}

// An approve date shows that a bill was audited that no read has shown live: its order stands, too.
func TestAnUnAuditedBillThatOnlyItsApproveDateShowsIsToldWhereTheTriggerIsOff(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.UnAudit(1)
	b.Books.Bills[1].ModifyTime = b.Books.Bills[1].GetCreateTime()
	b.Run()
	b.Later(time.Minute)
	b.Books.Fresh(2, "A2", "CK001")
	b.Books.UnAudit(2)
	b.Run()
	b.Later(61 * time.Minute)
	b.Run()
	b.reconcile()
	require.Equal(t, "un_audited 1: A2", b.Text(`
select coalesce(string_agg(subject || ' ' || detail, '; '), '') from work_item where kind = 'trigger_off'`),
		"the other was un-audited before the cutover")
}
