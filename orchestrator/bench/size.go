package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// sizeRows is how many cancellations the ledger is filled with to see how large it gets.
const sizeRows = 200_000

// size fills a ledger with cancelled bills as a year of them would leave it, each with its snapshot, one attempt and
// that one's evidence, and prints what 1,000,000 of them take on disk. Nothing runs but Postgres.
func (b *bench) size(ctx context.Context) error {
	s := &stack{bench: b, name: "size"}
	defer func() {
		if s.pool != nil {
			s.pool.Close()
		}
	}()
	if _, err := s.database(ctx); err != nil {
		return err
	}
	rows := int64(b.rows)
	for _, statement := range filling {
		if _, err := s.pool.Exec(ctx, strings.ReplaceAll(statement, "@rows", strconv.FormatInt(rows, 10))); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	if _, err := s.pool.Exec(ctx, `vacuum analyze`); err != nil {
		return err
	}
	found, err := s.pool.Query(ctx, sizes)
	if err != nil {
		return err
	}
	b.figure(fmt.Sprintf("per 1,000,000 cancellations, measured on %d", rows), "table        indexes      together", "")
	var name string
	var heap, indexes, all, allIndexes int64
	_, err = pgx.ForEachRow(found, []any{&name, &heap, &indexes}, func() error {
		all, allIndexes = all+heap, allIndexes+indexes
		b.figure(name, megabytes(heap, indexes, rows), "")
		return nil
	})
	b.figure("all", megabytes(all, allIndexes, rows), "")
	return err
}

func megabytes(heap, indexes, rows int64) string {
	scale := func(bytes int64) float64 { return float64(bytes) / float64(rows) * 1e6 / 1e6 }
	return fmt.Sprintf("%7.0f MB   %7.0f MB   %7.0f MB", scale(heap), scale(indexes), scale(heap+indexes))
}

// sizes are the tables that grow with cancellations, those of a month under the name of the whole.
const sizes = `
select case when c.relname like 'attempt_evidence%' then 'attempt_evidence (kept for EVIDENCE_DAYS)'
       else c.relname end as name,
       sum(pg_table_size(c.oid))::bigint as heap, sum(pg_indexes_size(c.oid))::bigint as indexes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'voidrelay' and c.relkind = 'r'
  and (c.relname like 'attempt_evidence%' or c.relname in ('bill', 'bill_snapshot', 'warehouse_order', 'cancellation',
      'unsettled_cancellation', 'outcome', 'attempt', 'run', 'run_reading'))
group by 1
order by sum(pg_total_relation_size(c.oid)) desc`

// filling is one scheme's life with so many bills, voided and cancelled within seconds, a hundred to a run. Texts are
// as long as those of real bills and real answers of the sandboxes: a request of about 700 bytes, an answer of 120, a
// snapshot with two lines.
var filling = []string{`
insert into scheme (scheme, title, form_id, data_center_id, wms_accounts, revision, mode, send_since,
    incremental_millis)
values ('assembly-void', '组装拆卸单作废', 'STK_AssembledApp', 'dc', '{default}', 1, 'send', now(), 60000)`, `
insert into scheme_revision (scheme, revision, content_hash, document) values ('assembly-void', 1, 'h', 'd')`, `
insert into run (scheme, kind, state, revision, cursor_id, run_counts, end_time)
select 'assembly-void', 'incremental', 'complete', 1, n * 100,
       jsonb_build_object('Rows', 300, 'RowsOfBills', 300, 'RowsOfProblems', 0, 'Bills', 120, 'Live', 0,
           'Unchanged', 20, 'Voided', 100, 'OrdersNew', 100, 'OrdersAlreadyOwed', 0), now()
from generate_series(1, (@rows::bigint + 99) / 100) as n`, `
insert into run_reading (run_id, watermark_version, lower_edge, vendor_time, service_time,
    watermark_before, watermark_after)
select run_id, run_id, now(), now(), now(), now(), now() from run`, `
insert into bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, bill_create_time,
    modify_time, approve_time, cancel_time, read_time, class, generation, generation_live, ever_live,
    generation_approve, generation_cancel)
select 'assembly-void', 100000 + n, 'ZZCX' || lpad(n::text, 8, '0'), '100', 'Assembly', 'D', 'B', at, at, at, at, at,
       'voided', 1, true, true, at, at
from (select n, now() - interval '365 days' * n / @rows::bigint as at
    from generate_series(1, @rows::bigint) as n) as bills`, `
insert into bill_snapshot (scheme, bill_id, generation, content, read_time)
select scheme, bill_id, 1, jsonb_build_object('id', bill_id, 'number', bill_no, 'org', '100',
    'kind', 'Assembly', 'document_status', 'C', 'cancel_status', 'A',
    'create_time', bill_create_time, 'modify_time', modify_time, 'approve_time', approve_time,
    'lines', jsonb_build_object(
        'products', jsonb_build_array(jsonb_build_object('id', bill_id * 10,
            'material', 'CP' || bill_id, 'warehouse', 'CK001', 'quantity', '12.5')),
        'components', jsonb_build_array(jsonb_build_object('id', bill_id * 10 + 1,
            'material', 'YL' || bill_id, 'warehouse', 'CK003', 'quantity', '25')))), read_time
from bill`, `
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select 'default', 'WH-HZ01', bill_no, 'QTRK' from bill order by bill_id`, `
insert into cancellation (scheme, bill_id, bill_no, generation, order_id, bill_kind, direction, warehouse_number,
    cancel_reason, evidence, orders_from, revision, run_id, business_date, create_time)
select b.scheme, b.bill_id, b.bill_no, 1, o.order_id, 'Assembly', 'in', 'CK001', '金蝶组装拆卸单作废', 'snapshot',
    'snapshot', 1, (b.bill_id - 100000 + 99) / 100, b.cancel_time::date, b.cancel_time
from bill b join warehouse_order o on o.order_code = b.bill_no order by b.bill_id`, `
insert into outcome (cancellation_id, times_settled, scheme, state, outcome, decide_time, due_time, attempt,
    disposition, vendor_message, maybe_landed, answer_lost, outcome_time)
select cancellation_id, 1, scheme, 'done', 'cancelled', create_time, create_time, 1, 'cancelled', '取消成功', true, false,
    create_time
from cancellation order by cancellation_id`, `
insert into attempt (cancellation_id, attempt, intent_time, send_before, send_time, reply_time, result_time,
    disposition, recognised, http_status, vendor_flag, vendor_code, vendor_message, dictionary)
select cancellation_id, 1, create_time, create_time, create_time, create_time, create_time, 'cancelled', true, 200,
       'success', '0', '取消成功', 'default'
from cancellation order by cancellation_id`, `
insert into attempt_evidence (cancellation_id, attempt, request, reply)
select cancellation_id, 1,
    convert_to(rpad('method=WDT_WMS_ORDER_CANCEL&sid=***&sign=***' || bill_no, 700, md5(bill_no)), 'UTF8'),
    convert_to(rpad('<response><flag>success</flag><code>0</code><message>取消成功</message></response>', 100, ' '), 'UTF8')
from cancellation order by cancellation_id`,
}
