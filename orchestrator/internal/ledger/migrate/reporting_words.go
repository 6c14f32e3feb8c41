package migrate

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// makeWords makes the function reporting.word_zh(about, code): the Chinese word of plain_word for a code, or the code
// itself where it has none. The words stand in its body, so that Postgres puts a constant into the views' plans and
// no query of a report plans another join. A statement that changes nothing leaves the function as it is.
const makeWords = `
do $words$
declare
    body text := (
        select format('coalesce(%L::jsonb -> about ->> code, code)', jsonb_object_agg(w.about, w.words))
        from (
            select p.about, jsonb_object_agg(p.code, p.word_zh) as words
            from voidrelay.plain_word p
            group by p.about
        ) w
    );
begin
    if to_regprocedure('reporting.word_zh(text, text)') is null
       or obj_description(to_regprocedure('reporting.word_zh(text, text)')) is distinct from
          '一个代码的中文: the Chinese word for a code; ' || md5(body) then
        execute 'create or replace function reporting.word_zh(about text, code text) returns text '
            'language sql immutable parallel safe return ' || body;
        execute format('comment on function reporting.word_zh is %L',
            '一个代码的中文: the Chinese word for a code; ' || md5(body));
    end if;
end
$words$`

// columnTexts says what a column is that means the same in every view: a line for each, its name, a tab, its text. A
// column that one view alone has, or that means more there, has its comment in the view's own file.
//
//go:embed reporting/columns.txt
var columnTexts string

// columnText is the comment of a column by that name, empty where there is none. Times in Beijing, and words for codes,
// follow the column that they repeat.
func columnText(column string) string {
	for line := range strings.Lines(columnTexts) {
		if name, text, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); found && name == column {
			return text
		}
	}
	return ""
}

// comment gives each column of a view that its file has not explained the text of columns.txt.
func (m *viewMaker) comment(ctx context.Context, v reportView) error {
	rows, err := m.tx.Query(ctx, `
select a.attname::text
from pg_attribute a
where a.attrelid = to_regclass('reporting.' || quote_ident($1)) and a.attnum > 0 and not a.attisdropped
order by a.attnum`, v.name)
	if err != nil {
		return err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, column := range columns {
		name := pgx.Identifier{"reporting", v.name, column}.Sanitize()
		if strings.Contains(v.text, "comment on column reporting."+v.name+"."+column+" ") {
			continue
		}
		text := columnText(column)
		if base, is := strings.CutSuffix(column, "_beijing"); is {
			text = base + ", in Beijing time 北京时间"
		} else if base, is := strings.CutSuffix(column, "_zh"); is && text == "" {
			text = base + " in Chinese 中文"
		}
		if text == "" {
			continue // a test finds it
		}
		statement := fmt.Sprintf("comment on column %s is '%s'", name, strings.ReplaceAll(text, "'", "''"))
		if _, err := m.tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
