package migrate_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// update writes the page anew: `go test ./orchestrator/internal/ledger/migrate -run Document -update`.
var update = flag.Bool("update", false, "write docs/reporting-views.md as the views are")

const docs = "../../../../docs/"

// TestTheReportingDocumentIsTrue runs each query of docs/reporting.md, and wants a section for each view.
func TestTheReportingDocumentIsTrue(t *testing.T) {
	pool := openLedger(t)
	content, err := os.ReadFile(docs + "reporting.md")
	require.NoError(t, err)
	document := string(content)
	for _, query := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(document, -1) {
		_, err := pool.Exec(t.Context(), query[1])
		require.NoError(t, err, query[1])
	}
	rows, err := pool.Query(t.Context(),
		`select viewname::text from pg_views where schemaname = 'reporting' order by viewname`)
	require.NoError(t, err)
	views, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotEmpty(t, views)
	var told []string
	for _, match := range regexp.MustCompile(`(?m)^### reporting\.([a-z_]+) `).FindAllStringSubmatch(document, -1) {
		told = append(told, match[1])
	}
	slices.Sort(told)
	require.Equal(t, views, told)
}

// reportColumn is a column of a view, or what a function takes or answers.
type reportColumn struct {
	Relation, About, Column, Type, Text string
}

// TestTheReportsAreAContract holds names, types and order of all columns against the page that lists them. Whoever
// changes one writes the page anew, and a line in the changelog.
func TestTheReportsAreAContract(t *testing.T) {
	pool := openLedger(t)
	rows, err := pool.Query(t.Context(), `
select c.relname::text as relation, obj_description(c.oid) as about, a.attname::text as column,
       format_type(a.atttypid, a.atttypmod) as type, coalesce(col_description(c.oid, a.attnum), '') as text
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v'
order by c.relname, a.attnum`)
	require.NoError(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByName[reportColumn])
	require.NoError(t, err)
	functions, err := pool.Query(t.Context(), `
select format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as relation,
       obj_description(p.oid) as about, a.name as column, format_type(a.type, null) as type, '' as text
from pg_proc p
cross join unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality as a (name, type, mode, place)
where p.pronamespace = 'reporting'::regnamespace and a.mode = 't'
order by p.proname, a.place`)
	require.NoError(t, err)
	answers, err := pgx.CollectRows(functions, pgx.RowToStructByName[reportColumn])
	require.NoError(t, err)

	page := &strings.Builder{}
	page.WriteString(`# The views, column by column

Made from the comments in the database, which a BI tool shows beside the columns. [reporting.md](reporting.md) says what
each view is for. Names, types and order are a contract: columns are added at the end, and a change is in the
[changelog](../CHANGELOG.md).
`)
	last := ""
	for _, c := range append(columns, answers...) {
		if c.Relation != last {
			fmt.Fprintf(page, "\n## reporting.%s\n\n%s\n\n| column | type | what it is |\n|---|---|---|\n",
				c.Relation, c.About)
			last = c.Relation
		}
		kind := strings.NewReplacer("timestamp with time zone", "timestamptz",
			"timestamp without time zone", "timestamp").Replace(c.Type)
		fmt.Fprintf(page, "| `%s` | %s | %s |\n", c.Column, kind, strings.ReplaceAll(c.Text, "|", "\\|"))
		require.NotEqual(t, "numeric", c.Type, "%s.%s: drivers read a numeric as a text", c.Relation, c.Column)
	}
	if *update {
		require.NoError(t, os.WriteFile(docs+"reporting-views.md", []byte(page.String()), 0o600))
	}
	content, err := os.ReadFile(docs + "reporting-views.md")
	require.NoError(t, err)
	require.Equal(t, string(content), page.String(), "write it anew with -update, and a line into CHANGELOG.md")
}

// Codes are for programs. Beside each stands what staff call it, and beside each instant the hour on their clocks.
func TestEachCodeHasItsWordAndEachTimeItsHourInBeijing(t *testing.T) {
	pool := openLedger(t)
	rows, err := pool.Query(t.Context(), `
select c.relname || '.' || a.attname
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'reporting'::regnamespace
  and (a.atttypid = 'timestamptz'::regtype
       and not exists (select from pg_attribute b where b.attrelid = c.oid and b.attname = a.attname || '_beijing')
       or a.attname in ('state', 'kind', 'class', 'disposition', 'outcome', 'evidence', 'orders_from', 'hold_reason',
                        'triggers', 'trigger', 'mode', 'verb', 'order_kind', 'bill_kind', 'document_status',
                        'cancel_status', 'event', 'chore', 'age')
       and not exists (select from pg_attribute b where b.attrelid = c.oid and b.attname = a.attname || '_zh'))
order by 1`)
	require.NoError(t, err)
	bare, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, bare)
}

func TestTheReaderReadsTheViewsAndNothingElse(t *testing.T) {
	pool := openLedger(t)
	rows, err := pool.Query(t.Context(),
		`select table_name from information_schema.views where table_schema = 'reporting'`)
	require.NoError(t, err)
	views, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	as := func(query string) error {
		return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `set local role voidrelay_reader`)
			require.NoError(t, err)
			_, err = tx.Exec(t.Context(), query)
			return err
		})
	}
	for _, view := range views {
		require.NoError(t, as(`select * from reporting.`+view))
	}
	require.ErrorContains(t, as(`select 1 from voidrelay.bill`), "42501")
	require.ErrorContains(t, as(`delete from reporting.operator_action`), "42501")
}

// A BI tool shows the comments beside the columns, and nobody there reads our docs.
func TestEveryColumnSaysWhatItIs(t *testing.T) {
	pool := openLedger(t)
	rows, err := pool.Query(t.Context(), `
select c.relname || '.' || a.attname
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'reporting'::regnamespace and col_description(c.oid, a.attnum) is null
order by 1`)
	require.NoError(t, err)
	silent, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, silent)
}
