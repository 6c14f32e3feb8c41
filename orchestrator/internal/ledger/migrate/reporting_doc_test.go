package migrate_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestTheReportingDocumentIsTrue runs each query of docs/reporting.md, and holds its lists of columns against the
// views, both ways.
func TestTheReportingDocumentIsTrue(t *testing.T) {
	pool := openLedger(t)
	content, err := os.ReadFile("../../../../docs/reporting.md")
	require.NoError(t, err)
	document := string(content)
	for _, query := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(document, -1) {
		_, err := pool.Exec(t.Context(), query[1])
		require.NoError(t, err, query[1])
	}

	rows, err := pool.Query(t.Context(), `
select c.table_name, array_agg(c.column_name::text),
       bool_and(obj_description(('reporting.' || c.table_name)::regclass) is not null) as commented
from information_schema.columns c
where c.table_schema = 'reporting'
group by c.table_name
order by c.table_name`)
	require.NoError(t, err)
	type view struct {
		Name      string
		Columns   []string
		Commented bool
	}
	views, err := pgx.CollectRows(rows, pgx.RowToStructByPos[view])
	require.NoError(t, err)
	require.NotEmpty(t, views)
	require.Len(t, views, strings.Count(document, "\n## reporting."))
	for _, v := range views {
		require.True(t, v.Commented, "%s has no comment", v.Name)
		_, section, found := strings.Cut(document, "\n## reporting."+v.Name+" ")
		require.True(t, found, "%s is not in the document", v.Name)
		require.ElementsMatch(t, v.Columns, listed(section), v.Name)
	}
}

// listed are the columns of the section's list: the paragraph that begins with a word in backquotes.
func listed(section string) []string {
	section, _, _ = strings.Cut(section, "\n## ")
	var columns []string
	for _, paragraph := range strings.Split(section, "\n\n") {
		if strings.HasPrefix(paragraph, "`") && !strings.HasPrefix(paragraph, "```") {
			for _, match := range regexp.MustCompile("(?:^|, |,\n)`([a-z_]+)`").FindAllStringSubmatch(paragraph, -1) {
				columns = append(columns, match[1])
			}
		}
	}
	return columns
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
