package migrate

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// verdictRow is a row of the table verdict.
type verdictRow struct {
	Place     int32    `db:"place"`
	Classes   []string `db:"classes"`
	Facts     []string `db:"facts"`
	Verdict   string   `db:"verdict"`
	VerdictZH string   `db:"verdict_zh"`
	VerdictEN string   `db:"verdict_en"`
	ReasonZH  string   `db:"reason_zh"`
	ReasonEN  string   `db:"reason_en"`
}

// classReasonRow is a row of the table class_reason.
type classReasonRow struct {
	Reason   string `db:"reason"`
	ReasonZH string `db:"reason_zh"`
	ReasonEN string `db:"reason_en"`
}

// reasonFormat makes a format of Postgres of a reason: the places are those that reporting.bill_verdict fills.
var reasonFormat = strings.NewReplacer("%", "%%",
	"{work}", "%1$s", "{hold}", "%2$s", "{class_reason}", "%3$s", "{because}", "%4$s", "{owed}", "%5$s",
	"{done}", "%6$s",
	"{held}", "%7$s", "{needs_attention}", "%8$s", "{too_late}", "%9$s", "{left_alone}", "%10$s", "{blocked}", "%11$s")

// wantedVerdicts is the decision table as the rules have it.
func wantedVerdicts() []verdictRow {
	rules := rule.VerdictRows()
	rows := make([]verdictRow, len(rules))
	for i, r := range rules {
		chinese, english := r.Verdict.Words()
		rows[i] = verdictRow{
			Place: int32(i + 1), Classes: texts(r.Classes), Facts: texts(r.Facts), Verdict: string(r.Verdict),
			VerdictZH: chinese, VerdictEN: english,
			ReasonZH: reasonFormat.Replace(r.Chinese), ReasonEN: reasonFormat.Replace(r.English),
		}
	}
	return rows
}

func wantedClassReasons() []classReasonRow {
	rules := rule.ClassReasons()
	rows := make([]classReasonRow, len(rules))
	for i, r := range rules {
		rows[i] = classReasonRow{Reason: r.Reason, ReasonZH: r.Chinese, ReasonEN: r.English}
	}
	return rows
}

func texts[T ~string](words []T) []string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = string(word)
	}
	return all
}

// writeVerdicts writes the decision table of the verdict, and the words for the reasons of classes, as this program's
// rules have them. What stands there already is left as it is.
func writeVerdicts(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if differ, err := verdictsDiffer(ctx, tx); err != nil || !differ {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from verdict; delete from class_reason`); err != nil {
			return err
		}
		verdicts, reasons := wantedVerdicts(), wantedClassReasons()
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"verdict"},
			[]string{"place", "classes", "facts", "verdict", "verdict_zh", "verdict_en", "reason_zh", "reason_en"},
			pgx.CopyFromSlice(len(verdicts), func(i int) ([]any, error) {
				v := verdicts[i]
				return []any{v.Place, v.Classes, v.Facts, v.Verdict, v.VerdictZH, v.VerdictEN, v.ReasonZH, v.ReasonEN},
					nil
			}))
		if err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"class_reason"}, []string{"reason", "reason_zh", "reason_en"},
			pgx.CopyFromSlice(len(reasons), func(i int) ([]any, error) {
				return []any{reasons[i].Reason, reasons[i].ReasonZH, reasons[i].ReasonEN}, nil
			}))
		return err
	})
	if err != nil {
		return fmt.Errorf("write verdicts: %w", err)
	}
	return nil
}

// verdictsDiffer says whether the ledger's decision table or its words are another program's.
func verdictsDiffer(ctx context.Context, q querier) (bool, error) {
	const verdicts = `
select place, classes, facts, verdict, verdict_zh, verdict_en, reason_zh, reason_en
from verdict
order by place`
	rows, err := q.Query(ctx, verdicts)
	if err != nil {
		return false, err
	}
	there, err := pgx.CollectRows(rows, pgx.RowToStructByName[verdictRow])
	if err != nil || !reflect.DeepEqual(there, wantedVerdicts()) {
		return true, err
	}
	rows, err = q.Query(ctx, `select reason, reason_zh, reason_en from class_reason`)
	if err != nil {
		return false, err
	}
	reasons, err := pgx.CollectRows(rows, pgx.RowToStructByName[classReasonRow])
	if err != nil {
		return false, err
	}
	for _, wanted := range wantedClassReasons() {
		if !slices.Contains(reasons, wanted) {
			return true, nil
		}
	}
	return len(reasons) != len(wantedClassReasons()), nil
}
