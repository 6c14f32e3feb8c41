package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
)

// filledFrom is the first id of the bills that were put in by COPY: Kingdee has none of them.
const filledFrom = 1_000_000_000

// filledDay is how many of them were voided in a day.
const filledDay = 10_000

// fill puts so many cancelled orders into the ledger, each with its bill and its attempt, as years of work leave them,
// and answers the database's size. Indexes are made afterwards, which is faster.
func (s *stack) fill(ctx context.Context, count int) (size int64, err error) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `
select i.indexdef from pg_indexes i
where i.schemaname = 'voidrelay' and i.tablename = any($1)
  and i.indexname not in (select conname from pg_constraint)`, filledNames)
	if err != nil {
		return 0, err
	}
	indexes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, `
do $$ declare i record; begin
    for i in select indexname from pg_indexes
             where schemaname = 'voidrelay'
               and tablename in ('bill', 'warehouse_order', 'cancellation', 'outcome', 'attempt')
               and indexname not in (select conname from pg_constraint) loop
        execute format('drop index voidrelay.%I', i.indexname);
    end loop;
end $$`); err != nil {
		return 0, err
	}
	first := time.Now().Add(-time.Duration(count/filledDay+2) * 24 * time.Hour)
	for _, table := range filledTables {
		if err := copyLines(ctx, conn, table.columns, func(w io.Writer) error {
			for n := range count {
				if err := table.line(w, n,
					first.Add(time.Duration(n)*24*time.Hour/filledDay).UTC().Format(time.RFC3339)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return 0, fmt.Errorf("fill %s: %w", table.columns, err)
		}
	}
	for _, index := range indexes {
		if _, err := conn.Exec(ctx, index); err != nil {
			return 0, err
		}
	}
	if _, err := conn.Exec(ctx, `
select setval(pg_get_serial_sequence('cancellation', 'cancellation_id'), $1),
       setval(pg_get_serial_sequence('warehouse_order', 'order_id'), $1 + $2::bigint)`,
		count, filledFrom); err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, `vacuum (analyze) bill, warehouse_order, cancellation, outcome, attempt`); err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, `checkpoint`); err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `select pg_database_size(current_database())`).Scan(&size)
	return size, err
}

// filledNames are the tables of filledTables.
var filledNames = []string{"bill", "warehouse_order", "cancellation", "outcome", "attempt"}

// filledTables are what fill copies, with how the nth line of each is written; at is when its order was cancelled.
var filledTables = []struct {
	columns string
	line    func(w io.Writer, n int, at string) error
}{
	{`bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, bill_create_time, modify_time,
    approve_time, cancel_time, read_time, class, generation, generation_live, ever_live, generation_approve,
    generation_cancel)`, func(w io.Writer, n int, at string) error {
		_, err := fmt.Fprintf(w, schemeName+"\t%d\tOLD-%09d\t100\tAssembly\tD\tB\t%[3]s\t%[3]s\t%[3]s\t%[3]s\t%[3]s"+
			"\tvoided\t1\tt\tt\t%[3]s\t%[3]s\n", filledFrom+n, n, at)
		return err
	}},
	{`warehouse_order (order_id, account, warehouse_code, order_code, order_type)`,
		func(w io.Writer, n int, _ string) error {
			_, err := fmt.Fprintf(w, "%d\tdefault\tWH-HZ01\tOLD-%09d\t"+orderType+"\n", filledFrom+n, n)
			return err
		}},
	{`cancellation (cancellation_id, scheme, bill_id, bill_no, generation, order_id, bill_kind, direction,
    warehouse_number, cancel_reason, evidence, orders_from, revision, business_date, create_time, update_time)`,
		func(w io.Writer, n int, at string) error {
			_, err := fmt.Fprintf(w, "%[1]d\t"+schemeName+"\t%[2]d\tOLD-%09[3]d\t1\t%[2]d\tAssembly\tin\tCK001"+
				"\t金蝶作废 OLD-%09[3]d\tsnapshot\tsnapshot\t1\t%[4]s\t%[4]s\t%[4]s\n", n+1, filledFrom+n, n, at)
			return err
		}},
	{`outcome (cancellation_id, times_settled, scheme, state, outcome, outcome_time, decide_time, due_time, attempt,
    disposition, vendor_message, maybe_landed, answer_lost, update_time)`,
		func(w io.Writer, n int, at string) error {
			_, err := fmt.Fprintf(w, "%d\t1\t"+schemeName+"\tdone\tcancelled\t%[2]s\t%[2]s\t%[2]s\t1\tcancelled"+
				"\t取消成功\tt\tf\t%[2]s\n", n+1, at)
			return err
		}},
	{`attempt (cancellation_id, attempt, intent_time, send_before, send_time, reply_time, result_time, disposition,
    recognised, http_status, vendor_flag, vendor_message, dictionary)`, func(w io.Writer, n int, at string) error {
		_, err := fmt.Fprintf(w,
			"%d\t1\t%[2]s\t%[2]s\t%[2]s\t%[2]s\t%[2]s\tcancelled\tt\t200\tsuccess\t取消成功\tdefault\n", n+1, at)
		return err
	}},
}

// copyLines runs one COPY of what write writes.
func copyLines(ctx context.Context, conn *pgx.Conn, into string, write func(io.Writer) error) error {
	reader, writer := io.Pipe()
	go func() {
		buffered := bufio.NewWriterSize(writer, 1<<18)
		err := write(buffered)
		if err == nil {
			err = buffered.Flush()
		}
		_ = writer.CloseWithError(err) // the reader has what there is to say
	}()
	_, err := conn.PgConn().CopyFrom(ctx, reader, `copy `+into+` from stdin`)
	_ = reader.CloseWithError(err) // ends the writer if the server did not want it all
	return err
}
