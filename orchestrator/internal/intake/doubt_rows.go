package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// doubtRow is what a bill's doubt has become, as a statement wants it.
type doubtRow struct {
	BillID    int64     `col:"bill_id bigint"`
	Since     time.Time `col:"since timestamptz"`
	Content   string    `col:"content text"`
	Questions int       `col:"questions integer"`
}

// askRow is a bill that is read again to be asked about.
type askRow struct {
	BillID int64         `col:"bill_id bigint"`
	After  time.Duration `col:"after interval"`
}

var (
	doubtColumns = ledger.ColumnsOf[doubtRow]("d")
	askColumns   = ledger.ColumnsOf[askRow]("a")
)

// upsertDoubts writes which bills of a page may have lived unseen, and when they are read again to be asked about. The
// bills are written.
func upsertDoubts(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) error {
	var doubts []doubtRow
	var asks []askRow
	for _, b := range once(append([]ledger.BillWrite{}, bills...)) {
		id, doubt := b.After.State.ID, b.After.Doubt
		if b.AskAfter > 0 {
			asks = append(asks, askRow{id, b.AskAfter})
		}
		if !b.Doubts {
			continue
		}
		row := doubtRow{BillID: id, Since: doubt.Since, Questions: doubt.Questions}
		if doubt.Content != nil {
			content, err := json.Marshal(doubt.Content)
			if err != nil {
				return err
			}
			row.Content = ledger.EscapeNUL(content)
		}
		doubts = append(doubts, row)
	}
	if len(doubts) > 0 {
		if _, err := tx.Exec(ctx, `
insert into bill_doubt as b (scheme, bill_id, doubted_since, store_time, content, questions)
select @scheme, d.bill_id, d.since, now(), nullif(d.content, '')::jsonb, d.questions from `+doubtColumns.From+`
on conflict (scheme, bill_id) do update set doubted_since = excluded.doubted_since, content = excluded.content,
    questions = excluded.questions, store_time = case
        when excluded.doubted_since is null or excluded.doubted_since = b.doubted_since then b.store_time
        else excluded.store_time end`, doubtColumns.Args(doubts, pgx.StrictNamedArgs{"scheme": scheme})); err != nil {
			return err
		}
	}
	if len(asks) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
update bill b set reread_time = now() + a.after from `+askColumns.From+`
where b.scheme = @scheme and b.bill_id = a.bill_id and b.reread_time is null`,
		askColumns.Args(asks, pgx.StrictNamedArgs{"scheme": scheme}))
	return err
}

// addDoubted puts what the first read after the last live one showed into the known bills that are doubted for it.
func (s *BillRows) addDoubted(ctx context.Context, scheme string, known map[int64]*rule.Known) error {
	var ids []int64
	for id, k := range known {
		if !k.Doubt.Since.IsZero() {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.pool.Query(ctx, `
select bill_id, content from bill_doubt where scheme = $1 and bill_id = any($2) and content is not null`, scheme, ids)
	if err != nil {
		return fmt.Errorf("read doubted bills: %w", err)
	}
	var id int64
	var content []byte
	if _, err := pgx.ForEachRow(rows, []any{&id, &content}, func() error {
		known[id].Doubt.Content = &rule.Bill{}
		return json.Unmarshal(content, known[id].Doubt.Content)
	}); err != nil {
		return fmt.Errorf("read doubted bills: %w", err)
	}
	return nil
}
