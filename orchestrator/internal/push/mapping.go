package push

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// mappingExamples is how many of the orders in question a work item names.
const mappingExamples = 3

// mappingKey names a revision of a scheme.
type mappingKey struct {
	scheme   string
	revision int
}

// countMapping counts what a group of answers tells of the mappings behind its cancellations, and pauses a scheme
// whose mapping is suspected. A cancellation counts as bad once, with its first answer: an order that is not found is
// asked for again and again within the grace, and that tells nothing new. Good answers all count, because any one of
// them ends a row.
func countMapping(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	groups := map[mappingKey][]ledger.Result{}
	var bad []ledger.Result
	for _, r := range results {
		tells, isBad := rule.TellsOfMapping(r.Answer.Disposition, r.Evidence)
		if !tells || r.Question {
			continue
		}
		key := mappingKey{r.Scheme, r.Revision}
		groups[key] = append(groups[key], r)
		if isBad {
			bad = append(bad, r)
		}
	}
	first, err := firstAnswers(ctx, tx, bad)
	if err != nil {
		return err
	}
	for key, group := range groups {
		if err := countRevision(ctx, tx, key, group, first); err != nil {
			return err
		}
	}
	return nil
}

// firstAnswers answers those of these results that are the first word of the WMS about their cancellation, each with
// its order in words.
func firstAnswers(ctx context.Context, tx pgx.Tx, results []ledger.Result) (map[ledger.AttemptKey]string, error) {
	first := map[ledger.AttemptKey]string{}
	if len(results) == 0 {
		return first, nil
	}
	ids, attempts := make([]int64, len(results)), make([]int, len(results))
	for i, r := range results {
		ids[i], attempts[i] = r.ID, r.Attempt
	}
	rows, err := tx.Query(ctx, `
select r.id, r.attempt, o.words
from unnest($1::bigint[], $2::integer[]) as r (id, attempt)
cross join lateral (select c.order_code || ' ' || c.order_type || ' @ ' || c.warehouse_code as words
    from cancellation f join warehouse_order c using (order_id) where f.cancellation_id = r.id offset 0) o
where not exists (select from attempt a where a.cancellation_id = r.id and a.attempt < r.attempt
    and a.disposition in ('cancelled', 'already_cancelled', 'in_progress', 'too_late', 'not_found', 'rejected'))`,
		ids, attempts)
	if err != nil {
		return nil, err
	}
	var key ledger.AttemptKey
	var words string
	_, err = pgx.ForEachRow(rows, []any{&key.ID, &key.Attempt, &words}, func() error {
		first[key] = words
		return nil
	})
	return first, err
}

// countRevision counts the answers to one revision's cancellations. As a rule they are good, as those before them were:
// then nothing is written and nothing locked.
func countRevision(
	ctx context.Context, tx pgx.Tx, key mappingKey, group []ledger.Result, first map[ledger.AttemptKey]string,
) error {
	signs := make([]ledger.Result, 0, len(group))
	isFirst := func(r ledger.Result) bool { _, ok := first[ledger.AttemptKey{ID: r.ID, Attempt: r.Attempt}]; return ok }
	anyBad := false
	for _, r := range group {
		_, bad := rule.TellsOfMapping(r.Answer.Disposition, r.Evidence)
		if bad && !isFirst(r) {
			continue
		}
		anyBad = anyBad || bad
		signs = append(signs, r)
	}
	if len(signs) == 0 {
		return nil
	}
	var m rule.MappingAnswers
	var examples []string
	if !anyBad {
		err := tx.QueryRow(ctx, `select answers, bad_in_row from mapping_answers where scheme = $1 and revision = $2`,
			key.scheme, key.revision).
			Scan(&m.Answers, &m.BadInRow)
		if err == nil && m.Certain() {
			return nil
		}
	}
	// Locked by being written: two orchestrators count one after the other.
	if err := tx.QueryRow(ctx, `
insert into mapping_answers as m (scheme, revision) values ($1, $2)
on conflict (scheme, revision) do update set answers = m.answers
returning answers, bad_in_row, examples`, key.scheme, key.revision).
		Scan(&m.Answers, &m.BadInRow, &examples); err != nil {
		return err
	}
	suspect := false
	for _, r := range signs {
		_, bad := rule.TellsOfMapping(r.Answer.Disposition, r.Evidence)
		m = m.After(bad)
		if !bad {
			examples = nil
		} else if len(examples) < mappingExamples {
			examples = append(examples, ledger.CleanText(first[ledger.AttemptKey{ID: r.ID, Attempt: r.Attempt}]+"："+
				ledger.FirstText(r.VendorMessage, r.Detail, string(r.Answer.Disposition))))
		}
		suspect = suspect || m.Suspect()
	}
	if examples == nil {
		examples = []string{}
	}
	if _, err := tx.Exec(ctx, `
update mapping_answers set answers = $3, bad_in_row = $4, examples = $5 where scheme = $1 and revision = $2`,
		key.scheme, key.revision, m.Answers, m.BadInRow, examples); err != nil || !suspect {
		return err
	}
	return suspectMapping(ctx, tx,
		key, fmt.Sprintf("%d/%d (revision %d): %s", m.BadInRow, m.Answers, key.revision, strings.Join(examples, "; ")))
}

// suspectMapping stops sending for the scheme, once.
func suspectMapping(ctx context.Context, tx pgx.Tx, key mappingKey, detail string) error {
	_, err := ledger.OpenCondition(ctx, tx, ledger.Condition{
		Kind: rule.ConditionMappingSuspected, Scheme: key.scheme, Detail: detail,
	})
	return err
}
