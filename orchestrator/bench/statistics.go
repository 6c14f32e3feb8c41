package main

import (
	"context"
	"fmt"
	"strings"
)

// statistics prints what Postgres spent its time on, when profiles are asked for.
func (s *stack) statistics(ctx context.Context) error {
	if s.profiles == "" {
		return nil
	}
	if _, err := s.pool.Exec(ctx, `create extension if not exists pg_stat_statements schema public`); err != nil {
		return fmt.Errorf("statistics: %w", err)
	}
	rows, err := s.pool.Query(ctx, `
select q.calls, q.total_exec_time, q.rows, q.query
from public.pg_stat_statements q join pg_database d on d.oid = q.dbid
where d.datname = current_database() order by q.total_exec_time desc limit 15`)
	if err != nil {
		return fmt.Errorf("statistics: %w", err)
	}
	var calls, count int64
	var millis float64
	var query string
	for rows.Next() {
		if err := rows.Scan(&calls, &millis, &count, &query); err != nil {
			return fmt.Errorf("statistics: %w", err)
		}
		words := strings.Join(strings.Fields(query), " ")
		fmt.Printf("  %8.0f ms %7d calls %8d rows  %.110s\n", millis, calls, count, words)
	}
	return rows.Err()
}
