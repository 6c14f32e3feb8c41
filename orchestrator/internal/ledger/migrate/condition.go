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

// conditionKindRow is a row of the table condition_kind.
type conditionKindRow struct {
	Kind          string `db:"kind"`
	Reason        string `db:"reason"`
	Subject       string `db:"subject"`
	BlocksReading bool   `db:"blocks_reading"`
	BlocksSending bool   `db:"blocks_sending"`
	ByPerson      bool   `db:"by_person"`
	MessageZH     string `db:"message_zh"`
	ActionZH      string `db:"action_zh"`
	MessageEN     string `db:"message_en"`
	ActionEN      string `db:"action_en"`
}

var conditionKindColumns = []string{
	"kind", "reason", "subject", "blocks_reading", "blocks_sending", "by_person", "message_zh", "action_zh",
	"message_en", "action_en",
}

// wantedConditionKinds are the kinds as the rules have them, by kind and reason.
func wantedConditionKinds() []conditionKindRow {
	rules := rule.ConditionRows()
	rows := make([]conditionKindRow, len(rules))
	for i, r := range rules {
		rows[i] = conditionKindRow{
			Kind: string(r.Kind), Reason: r.Reason, Subject: string(r.Subject), BlocksReading: r.Reading,
			BlocksSending: r.Sending, ByPerson: r.ByPerson, MessageZH: r.MessageZH, ActionZH: r.ActionZH,
			MessageEN: r.MessageEN, ActionEN: r.ActionEN,
		}
	}
	slices.SortFunc(rows, func(a, b conditionKindRow) int {
		return strings.Compare(a.Kind+" "+a.Reason, b.Kind+" "+b.Reason)
	})
	return rows
}

// writeConditionKinds writes the kinds of conditions as this program's rules have them. What stands there already is
// left as it is.
func writeConditionKinds(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if differ, err := conditionKindsDiffer(ctx, tx); err != nil || !differ {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from condition_kind`); err != nil {
			return err
		}
		kinds := wantedConditionKinds()
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"condition_kind"}, conditionKindColumns,
			pgx.CopyFromSlice(len(kinds), func(i int) ([]any, error) {
				k := kinds[i]
				return []any{
					k.Kind, k.Reason, k.Subject, k.BlocksReading, k.BlocksSending, k.ByPerson, k.MessageZH, k.ActionZH,
					k.MessageEN, k.ActionEN,
				}, nil
			}))
		return err
	})
	if err != nil {
		return fmt.Errorf("write kinds of conditions: %w", err)
	}
	return nil
}

// conditionKindsDiffer says whether the ledger's kinds of conditions are another program's.
func conditionKindsDiffer(ctx context.Context, q querier) (bool, error) {
	rows, err := q.Query(ctx, `
select `+strings.Join(conditionKindColumns, ", ")+` from condition_kind order by (kind || ' ' || reason) collate "C"`)
	if err != nil {
		return false, err
	}
	there, err := pgx.CollectRows(rows, pgx.RowToStructByName[conditionKindRow])
	return err != nil || !reflect.DeepEqual(there, wantedConditionKinds()), err
}
