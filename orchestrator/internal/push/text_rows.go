package push

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// textKey names a text that the adapter does not know: it came with a success, or with a failure.
type textKey struct {
	success bool
	text    string
}

func keyOf(r ledger.Result) textKey {
	return textKey{r.Answer.Disposition == rule.InProgress, ledger.CleanText(r.Text)}
}

// textRow is a text as a statement wants it.
type textRow struct {
	Success bool   `col:"success boolean"`
	Text    string `col:"text text"`
	Example string `col:"example text"`
	Answers int64  `col:"answers bigint"`
}

var textColumns = ledger.ColumnsOf[textRow]("r")

// noteTexts writes down the texts of results that nobody knows, and decides a result anew where a person has said what
// its text means. The texts stay locked until these results are written: who says meanwhile what one of them means
// waits, and finds their cancellations.
func noteTexts(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	texts := map[textKey]textRow{}
	for _, r := range results {
		if r.Text == "" {
			continue
		}
		key := keyOf(r)
		row := texts[key]
		texts[key] = textRow{
			key.success, key.text, cmp.Or(row.Example, r.VendorMessage, key.text), row.Answers + 1,
		}
	}
	if len(texts) == 0 {
		return nil
	}
	// In one order, as others lock them.
	ordered := slices.SortedFunc(maps.Values(texts), func(a, b textRow) int {
		return cmp.Or(cmp.Compare(strconv.FormatBool(a.Success), strconv.FormatBool(b.Success)),
			cmp.Compare(a.Text, b.Text))
	})
	rows, err := tx.Query(ctx, `
insert into answer_text as t (success, text, example, answers)
select success, text, example, answers from `+textColumns.From+`
on conflict (success, md5(text)) do update set answers = t.answers + excluded.answers, last_time = now()
returning text_id, success, text, disposition`, textColumns.Args(ordered, nil))
	if err != nil {
		return err
	}
	type known struct {
		id      int64
		meaning rule.Disposition
	}
	found := make(map[textKey]known, len(texts))
	var key textKey
	var text known
	if _, err := pgx.ForEachRow(rows, []any{&text.id, &key.success, &key.text, &text.meaning}, func() error {
		found[key] = text
		return nil
	}); err != nil {
		return err
	}
	for i, r := range results {
		if r.Text == "" {
			continue
		}
		text := found[keyOf(r)]
		r.TextID = text.id
		if results[i] = r; text.meaning == "" {
			continue
		}
		r.Given, r.Answer = r.Answer, rule.Answer{Disposition: text.meaning, Recognised: true}
		r.Next = rule.Next{}
		results[i] = decide(r)
	}
	return nil
}

// textItem is the one work item of a text, for the scheme that met it first.
func textItem(scheme string, id int64, flag, example, text string) ledger.WorkItem {
	return ledger.WorkItem{Scheme: scheme, Work: ledger.Work{
		Kind: rule.WorkUnrecognised, Subject: strconv.FormatInt(id, 10),
		Detail: ledger.CleanText(flag + " " + cmp.Or(example, text)),
	}}
}

// openTexts opens the work items of texts, by the id of the text, unless one is open, for whatever scheme. The texts
// are locked.
func openTexts(ctx context.Context, tx pgx.Tx, items map[int64]ledger.WorkItem) error {
	if len(items) == 0 {
		return nil
	}
	subjects := make([]string, 0, len(items))
	for _, item := range items {
		subjects = append(subjects, item.Subject)
	}
	rows, err := tx.Query(ctx, `
select distinct subject::bigint from work_item where kind = $1 and subject = any($2) and close_time is null`,
		string(rule.WorkUnrecognised), subjects)
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, id := range open {
		delete(items, id)
	}
	_, err = ledger.OpenItems(ctx, tx, slices.Collect(maps.Values(items)))
	return err
}

// TellTexts closes the work items of texts that nothing waits for any longer, and opens those that are missing: an
// order that was released, or that another scheme owes, may wait for a text whose item was closed meanwhile.
func (s *Rows) TellTexts(ctx context.Context) error {
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// What is locked is looked at afterwards: a result that is being written holds the lock of its text.
		if _, err := tx.Exec(ctx, `
select from answer_text t
where t.text_id in (select u.text_id from unsettled_cancellation u where u.awaits_text)
   or t.text_id::text in (select w.subject from work_item w where w.kind = $1 and w.close_time is null)
order by t.success, t.text collate "C"
for update`, string(rule.WorkUnrecognised)); err != nil {
			return err
		}
		if err := ledger.CloseWorkItems(ctx, tx, "nothing waits for it any longer", `
w.kind = @kind and w.subject <> '' and not exists (
    select from unsettled_cancellation u where u.awaits_text and u.text_id::text = w.subject)`,
			pgx.StrictNamedArgs{"kind": string(rule.WorkUnrecognised)}); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
select t.text_id, min(u.scheme) as scheme, case when t.success then 'success' else 'failure' end as flag, t.example
from unsettled_cancellation u join answer_text t using (text_id)
where u.awaits_text
group by t.text_id`)
		if err != nil {
			return err
		}
		items := map[int64]ledger.WorkItem{}
		var id int64
		var scheme, flag, example string
		if _, err := pgx.ForEachRow(rows, []any{&id, &scheme, &flag, &example}, func() error {
			items[id] = textItem(scheme, id, flag, example, "")
			return nil
		}); err != nil {
			return err
		}
		return openTexts(ctx, tx, items)
	})
	if err != nil {
		return fmt.Errorf("tell which texts are waited for: %w", err)
	}
	return nil
}
