package e2e_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// past lays down what years of work leave: bills voided long ago, each with its snapshot, its claim, its order
// cancelled in the first attempt, and a work item that is closed; and 2,000 that wait for a person. They are so many
// that reading a table of them whole is dear.
var past = []string{`
insert into bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, bill_create_time,
    modify_time, approve_time, cancel_time, read_time, class, generation, generation_live, ever_live,
    generation_approve, generation_cancel)
select 'assembly-void', n, 'PAST-' || n, '100', 'Assembly', 'D', 'B', at, at, at, at, at, 'voided', 1, true, true, at,
       at
from (select n, now() - interval '120 days' - interval '1 minute' * n as at
    from generate_series(1, 40000) as n) as bills`, `
insert into bill_snapshot (scheme, bill_id, generation, content, read_time)
select scheme, bill_id, 1, jsonb_build_object('id', bill_id, 'number', bill_no), read_time from bill
where bill_no like 'PAST-%'`, `
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select 'default', 'WH-HZ01', bill_no, 'QTRK' from bill where bill_no like 'PAST-%'`, `
insert into claim (scheme, bill_id, generation, order_id, revision)
select b.scheme, b.bill_id, 1, o.order_id, 1
from bill b join warehouse_order o on o.order_code = b.bill_no where b.bill_no like 'PAST-%'`, `
insert into cancellation (scheme, bill_id, bill_no, generation, order_id, bill_kind, direction, warehouse_number,
    cancel_reason, evidence, orders_from, revision, business_date, create_time, update_time)
select b.scheme, b.bill_id, b.bill_no, 1, o.order_id, 'Assembly', 'in', 'CK001', '金蝶组装拆卸单作废', 'snapshot',
    'snapshot', 1, b.cancel_time::date, b.cancel_time, b.cancel_time
from bill b join warehouse_order o on o.order_code = b.bill_no where b.bill_no like 'PAST-%'`, `
insert into outcome (cancellation_id, times_settled, scheme, state, outcome, decide_time, due_time, attempt,
    disposition, vendor_message, maybe_landed, answer_lost, outcome_time)
select cancellation_id, 1, scheme, 'done', 'cancelled', create_time, create_time, 1, 'cancelled', '取消成功', true, false,
    create_time
from cancellation where bill_no like 'PAST-%' and bill_id > 2000`, `
insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, state, hold_reason,
    decide_time, verified_time, attempt)
select cancellation_id, order_id, scheme, bill_id, 'default',
       case when bill_id % 2 = 0 then 'held' else 'needs_attention' end,
       case when bill_id % 2 = 0 then 'number_reuse_unsaid' else '' end, create_time, create_time, 1
from cancellation where bill_no like 'PAST-%' and bill_id <= 2000`, `
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id)
select scheme, case when bill_id % 2 = 0 then 'number_reuse_unsaid' else 'too_late' end, bill_id, bill_no,
       cancellation_id
from cancellation where bill_no like 'PAST-%' and bill_id <= 2000`, `
insert into attempt (cancellation_id, attempt, intent_time, send_before, send_time, reply_time, result_time,
    disposition, recognised, http_status, vendor_flag, vendor_code, vendor_message, dictionary)
select cancellation_id, 1, create_time, create_time, create_time, create_time, create_time, 'cancelled', true, 200,
       'success', '0', '取消成功', 'default'
from cancellation where bill_no like 'PAST-%'`, `
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, create_time, close_time, close_reason)
select scheme, 'too_late', bill_id, bill_no, cancellation_id, create_time, create_time, 'closed by hand'
from cancellation where bill_no like 'PAST-%' and bill_id > 2000`}

// pastBills is how many bills past lays down.
const pastBills = 40_000

// pastTables are those that grow with the years: nothing that happens every day may read one of them whole.
var pastTables = []string{
	"bill", "bill_snapshot", "warehouse_order", "claim", "cancellation", "outcome", "attempt", "work_item",
}

// tableReads answers how often each table that grows was read from its beginning, and how many of its rows were read
// by an index, as Postgres counts them.
func tableReads(t *testing.T, owner *pgx.Conn) (whole, byIndex map[string]int) {
	t.Helper()
	rows, err := owner.Query(t.Context(), `
select relname, seq_scan, idx_tup_fetch
from pg_stat_user_tables where schemaname = 'voidrelay' and relname = any($1)`, pastTables)
	require.NoError(t, err)
	whole, byIndex = map[string]int{}, map[string]int{}
	var table string
	var scans, fetched int
	_, err = pgx.ForEachRow(rows, []any{&table, &scans, &fetched}, func() error {
		whole[table], byIndex[table] = scans, fetched
		return nil
	})
	require.NoError(t, err)
	require.Len(t, whole, len(pastTables))
	return whole, byIndex
}

// nobodyElse waits until only the owner is connected: a connection that ends has told what it read.
func (s *stack) nobodyElse(owner *pgx.Conn) {
	s.Helper()
	s.until("nobody else is connected", func() bool {
		var others int
		require.NoError(s, owner.QueryRow(s.Context(), `
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`).Scan(&others))
		return others == 0
	})
}

// asOwner connects as who may lay down the past and see what everybody reads.
func asOwner(s *stack) *pgx.Conn {
	s.Helper()
	owner, err := pgx.Connect(s.Context(), storetest.OwnerURL(s, s.url))
	require.NoError(s, err)
	s.Cleanup(func() { _ = owner.Close(context.WithoutCancel(s.Context())) })
	_, err = owner.Exec(s.Context(), `set search_path to voidrelay`)
	require.NoError(s, err)
	return owner
}

// All that a day brings is written, sent, asked and answered by index, in a ledger that holds years: claims,
// verifications, settlements, the work items of a cancellation, and the proof that a bill is gone of whose organisation
// the ledger knows no other.
func TestADayInAnOldLedgerReadsNoTableWhole(t *testing.T) {
	t.Parallel()
	s := start(t, looking("voided, un_audited, deleted"))
	for _, no := range []string{"CONTROL", "VOIDED", "RESTORED", "LATE", "DELETED", "UNAUDITED"} {
		s.audited(no, "CK001")
	}
	alone := bill("ALONE", "CK002")
	alone.StockOrg = "200"
	_, err := s.kingdee.Create(t.Context(), alone)
	require.NoError(t, err)
	_, err = s.kingdee.Approve(t.Context(), "ALONE")
	require.NoError(t, err)
	s.run()

	// The years pass while nobody works, and Postgres learns how large its tables are.
	require.NoError(t, s.orchestrator.Stop(t.Context()))
	s.pool.Close()
	owner := asOwner(s)
	for _, statement := range past {
		_, err := owner.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	_, err = owner.Exec(t.Context(), `vacuum (analyze)`)
	require.NoError(t, err)
	require.NoError(t, owner.Close(t.Context()))
	owner = asOwner(s)
	s.nobodyElse(owner)
	whole, byIndex := tableReads(t, owner)

	s.reopen()
	s.startOrchestrator()
	_, err = s.wms.SetState(warehouse.Move{
		Key: warehouse.Key{WarehouseCode: "WH-HZ01", OrderCode: "LATE", OrderType: "QTRK"},
		To:  warehouse.StateDone, Force: true,
	})
	require.NoError(t, err)
	s.do("UNAUDITED", books.ActionUnaudit)
	for _, no := range []string{"VOIDED", "RESTORED", "LATE"} {
		s.void(no)
	}
	s.until("voided", func() bool { return s.verdict("VOIDED") == "已取消" && s.verdict("RESTORED") == "已取消" })
	s.until("too late", func() bool { return s.verdict("LATE") == "来不及" })
	s.do("RESTORED", books.ActionRestore, books.ActionSubmit, books.ActionAudit)
	s.do("DELETED", books.ActionUnaudit, books.ActionDelete)
	s.until("restored", func() bool {
		return s.count(`select count(*) from work_item where bill_no = 'RESTORED' and close_time is null`) == 1
	})
	s.until("deleted", func() bool { return s.verdict("DELETED") == "已取消" })
	s.do("ALONE", books.ActionUnaudit, books.ActionDelete)
	s.until("ALONE has been looked for", func() bool {
		return s.count(`select count(*) from condition where kind = 'permission_suspect' and end_time is null`) == 1
	})
	for _, path := range []string{
		"/v1/bills/LATE", "/v1/cancellations?filter.billNo=LATE", "/v1/cancellations?pageSize=50",
		"/v1/workItems?pageSize=50", "/v1/status", "/v1/schemes", "/v1/events?pageSize=50", "/v1/runs?pageSize=50",
	} {
		require.Equal(t, http.StatusOK, s.get(path, nil), path)
	}
	for _, view := range []string{"bill_verdict", "bill_history", "cancellation_outcome", "work_item"} {
		require.Positive(t, s.count(`select count(*) from reporting.`+view+` where bill_no = 'LATE'`), view)
	}
	require.Equal(t, http.StatusOK, s.post("/v1/cancellations:ignore",
		`{"filter": {"scheme": "assembly-void", "billNo": "LATE"}, "reason": "问过仓库"}`))

	require.NoError(t, s.orchestrator.Stop(t.Context()))
	s.pool.Close()
	s.nobodyElse(owner)
	wholeAfter, byIndexAfter := tableReads(t, owner)
	require.Equal(t, whole, wholeAfter)
	// How the newest 50,000 ended is counted whenever somebody asks how many there are.
	delete(byIndexAfter, "outcome")
	for table := range byIndexAfter {
		require.Less(t, byIndexAfter[table]-byIndex[table], pastBills, table+" was read whole by an index")
	}
}
