package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// remapBills are live bills, each with a snapshot that maps to one order; unless asked for otherwise.
	remapBills = 100_000
	// remapOpen are as many of them as are voided and wait to be sent.
	remapOpen = 1_000
	// remapTime is far more than one takes.
	remapTime = 20 * time.Minute
)

// remapFilling is a ledger with so many live bills, whose orders are known; the newest of them are voided in Kingdee
// and owed.
var remapFilling = []string{`
insert into bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, bill_create_time,
    modify_time, approve_time, read_time, class, generation, generation_live, ever_live, generation_approve)
select '@scheme', @from + n, 'OLD-' || lpad(n::text, 9, '0'), '100', 'Assembly', 'C', 'A', at, at, at, at, 'live', 1,
       true, true, at
from (select n, now() - interval '80 days' * (n / @rows::float8) as at
    from generate_series(1, @rows::bigint) as n) as bills`, `
insert into bill_snapshot (scheme, bill_id, generation, content, read_time)
select scheme, bill_id, 1, jsonb_build_object('id', bill_id, 'number', bill_no, 'org', '100', 'kind', 'Assembly',
    'document_status', 'C', 'cancel_status', 'A', 'create_time', bill_create_time, 'modify_time', modify_time,
    'approve_time', approve_time, 'generation', 1, 'revision', 1, 'lines', jsonb_build_object(
        'products', jsonb_build_array(jsonb_build_object('id', bill_id * 10, 'material', 'CP' || bill_id,
            'warehouse', 'CK001', 'quantity', '12.5')),
        'components', jsonb_build_array(jsonb_build_object('id', bill_id * 10 + 1, 'material', 'YL' || bill_id,
            'warehouse', 'CK003', 'quantity', '25')))), read_time
from bill where bill_id > @from`, `
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select 'default', 'WH-HZ01', bill_no, 'QTRK' from bill where bill_id > @from order by bill_id`, `
insert into claim (scheme, bill_id, generation, order_id, revision)
select b.scheme, b.bill_id, 1, o.order_id, 1
from bill b join warehouse_order o on o.order_code = b.bill_no where b.bill_id > @from order by b.bill_id`, `
insert into cancellation (scheme, bill_id, bill_no, generation, order_id, bill_kind, direction, warehouse_number,
    cancel_reason, evidence, orders_from, revision, business_date)
select b.scheme, b.bill_id, b.bill_no, 1, o.order_id, 'Assembly', 'in', 'CK001', '金蝶作废', 'snapshot', 'snapshot', 1,
    current_date
from bill b join warehouse_order o on o.order_code = b.bill_no
where b.bill_id > @from and b.bill_id <= @from + @open
order by b.bill_id`, `
insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, state, hold_reason,
    verified_time, decide_time)
select cancellation_id, order_id, scheme, bill_id, 'default', 'held', 'many_deleted', 'epoch', now() from cancellation`,
	`vacuum (analyze) bill, bill_snapshot, warehouse_order, claim, cancellation, unsettled_cancellation`,
}

// remap measures how long it takes to map the stored snapshots of many bills by a revision that corrects the code of a
// warehouse: until it has ended the scheme sends nothing.
func (b *bench) remap(ctx context.Context) (err error) {
	s, err := b.start(ctx, "remap", 0, ratioIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	open := min(remapOpen, b.remaps)
	words := strings.NewReplacer("@scheme", schemeName, "@from", fmt.Sprint(filledFrom), "@rows", fmt.Sprint(b.remaps),
		"@open", fmt.Sprint(open))
	for _, statement := range remapFilling {
		if _, err := s.pool.Exec(ctx, words.Replace(statement)); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	corrected := strings.ReplaceAll(string(schemes(ratioIncremental)), "WH-HZ01", "WH-HZ99")
	before, began := s.spent(), time.Now()
	if err := s.call(ctx, http.MethodPost, s.control.orchestrator+"/v1/schemes:apply", map[string]any{
		"document": corrected, "orders": "ORDERS_CHOICE_CORRECTED", "reason": "bench",
	}, nil); err != nil {
		return err
	}
	if err := s.within(ctx, remapTime, 200*time.Millisecond,
		`select remap_run_id is null from scheme where scheme = $1`, schemeName); err != nil {
		return err
	}
	took, spent := time.Since(began), s.since(before)
	var claims, renamed int
	if err := s.pool.QueryRow(ctx, `
select (select count(*) from claim k join warehouse_order o using (order_id) where o.warehouse_code = 'WH-HZ99'),
       (select count(*) from unsettled_cancellation u join warehouse_order o using (order_id)
        where o.warehouse_code = 'WH-HZ99')`).Scan(&claims, &renamed); err != nil {
		return err
	}
	if claims != b.remaps || renamed != open {
		s.fail("remap of %d bills: %d claims, and %d of %d open cancellations under the new code", b.remaps, claims,
			renamed, open)
	}
	b.figure(fmt.Sprintf("remap of %d live bills, %d of them owed", b.remaps, open),
		fmt.Sprintf("%.0f s, %.0f bills/s", took.Seconds(), float64(b.remaps)/took.Seconds()), "")
	spent.figures(b, "bill", b.remaps)
	s.memories()
	return s.statistics(ctx)
}
