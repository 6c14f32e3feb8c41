package rooms_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// TestTheVerdictOnABill walks the precedence written above reporting.bill_verdict.
func TestTheVerdictOnABill(t *testing.T) {
	done := rowtest.Cancellation{State: "done", Disposition: "cancelled"}
	tooLate := rowtest.Cancellation{State: "needs_attention", Disposition: "too_late", Warehouse: "WH02"}
	open := rowtest.Cancellation{Warehouse: "WH03"}
	dryRun := rowtest.Cancellation{State: "dry_run", Warehouse: "WH04"}
	withdrawn := rowtest.Cancellation{State: "withdrawn", Warehouse: "WH05"}
	noOrder := rowtest.Cancellation{State: "closed", Disposition: "not_found", Outcome: "no_order", Warehouse: "WH06"}
	ignored := rowtest.Cancellation{State: "closed", Disposition: "rejected", Outcome: "ignored", Warehouse: "WH07"}
	all := func(c ...rowtest.Cancellation) []rowtest.Cancellation { return c }
	cases := []struct {
		name          string
		class         string
		mode          string
		stopped       string
		cancellations []rowtest.Cancellation
		work          []rowtest.Work
		verdict       rule.Verdict
		zh            string
		reason        string
	}{
		{name: "a work item outweighs everything", cancellations: all(done, open),
			work:    []rowtest.Work{{Kind: "warehouse_not_mapped", Subject: "CK09"}},
			verdict: rule.VerdictNeedsPerson, zh: "需人工", reason: "仓库不在方案的仓库对照表内（CK09）"},
		{name: "a closed work item weighs nothing", cancellations: all(done),
			work:    []rowtest.Work{{Kind: "rejected", Closed: "settled"}},
			verdict: rule.VerdictCancelled, zh: "已取消", reason: "1 个仓库单已全部取消"},
		{name: "restored after the cancel", class: "live",
			cancellations: all(done), work: []rowtest.Work{{Kind: "restored_after_cancel"}},
			verdict: rule.VerdictNeedsPerson, zh: "需人工", reason: "取消请求可能已到达旺店通，但单据又恢复有效"},
		{name: "held by a safety limit", cancellations: all(rowtest.Cancellation{State: "held"}),
			verdict: rule.VerdictNeedsPerson, zh: "需人工", reason: "一小时内新取消数量超过上限，未发出的全部待放行"},
		{name: "held because nobody says whether its number is taken again",
			cancellations: all(rowtest.Cancellation{State: "held", HoldReason: "number_reuse_unsaid"}),
			verdict:       rule.VerdictNeedsPerson, zh: "需人工",
			reason: "单据已反审核，方案未说明旺店通是否接受同一单号再次下单，未发送"},
		{name: "its order is another bill's",
			cancellations: all(rowtest.Cancellation{State: "withdrawn", Outcome: "order_claimed"}),
			verdict:       rule.VerdictNothingOwed, zh: "无需取消", reason: "仓库单由另一张单据占用，未取消"},
		{name: "needs_attention",
			cancellations: all(rowtest.Cancellation{State: "needs_attention", Disposition: "rejected"}),
			verdict:       rule.VerdictNeedsPerson, zh: "需人工", reason: "有 1 个仓库单等待人工处理"},
		{name: "dry_run", mode: "dry_run", cancellations: all(dryRun),
			verdict: rule.VerdictNeedsPerson, zh: "需人工", reason: "方案处于仅观察模式，未发送"},
		{name: "dryRun before the scheme was set to send", cancellations: all(dryRun),
			verdict: rule.VerdictNeedsPerson, zh: "需人工", reason: "决定时方案处于仅观察模式，未发送；方案改为发送后不会自动补发"},
		{name: "dryRun once, then owed again and done",
			cancellations: all(dryRun, rowtest.Cancellation{State: "done", Warehouse: "WH04", Generation: 2}),
			verdict:       rule.VerdictCancelled, zh: "已取消", reason: "1 个仓库单已全部取消"},
		{name: "dryRun, and live again", class: "live", cancellations: all(dryRun),
			verdict: rule.VerdictNothingOwed, zh: "无需取消", reason: "单据已恢复有效，取消已撤回"},
		{name: "undecodable", class: "undecodable",
			verdict: rule.VerdictNeedsPerson, zh: "需人工", reason: "单据无法识别：FBillNo"},
		{name: "on its way", cancellations: all(done, open, tooLate),
			verdict: rule.VerdictInProgress, zh: "处理中", reason: "正在取消：共 3 个仓库单，已取消 1 个"},
		{name: "planned", cancellations: all(rowtest.Cancellation{State: "planned"}),
			verdict: rule.VerdictInProgress, zh: "处理中", reason: "正在取消：共 1 个仓库单，已取消 0 个"},
		{name: "on its way while the scheme is stopped", stopped: "DATA_CENTER_DIFFERS", cancellations: all(open),
			verdict: rule.VerdictInProgress, zh: "处理中", reason: "方案已停止：金蝶登录的数据中心与方案不一致；之后继续取消：共 1 个仓库单，已取消 0 个"},
		{name: "done", cancellations: all(done, withdrawn, noOrder),
			verdict: rule.VerdictCancelled, zh: "已取消", reason: "1 个仓库单已全部取消"},
		{name: "some too late", cancellations: all(done, tooLate), work: []rowtest.Work{{Kind: "too_late"}},
			verdict: rule.VerdictPartly, zh: "部分取消", reason: "共 2 个仓库单：已取消 1 个，来不及 1 个，人工关闭 0 个"},
		{name: "some left alone", cancellations: all(done, ignored),
			verdict: rule.VerdictPartly, zh: "部分取消", reason: "共 2 个仓库单：已取消 1 个，来不及 0 个，人工关闭 1 个"},
		{name: "too late", cancellations: all(tooLate, withdrawn), work: []rowtest.Work{{Kind: "too_late"}},
			verdict: rule.VerdictTooLate, zh: "来不及", reason: "仓库已执行，1 个仓库单来不及取消"},
		{
			name: "left alone", cancellations: all(ignored), verdict: rule.VerdictNothingOwed,
			zh: "无需取消", reason: "由人工决定不取消",
		},
		{
			name: "the WMS never had it", cancellations: all(noOrder), verdict: rule.VerdictNothingOwed,
			zh: "无需取消", reason: "旺店通从未有过对应的仓库单",
		},
		{
			name: "withdrawn", class: "live", cancellations: all(withdrawn), verdict: rule.VerdictNothingOwed,
			zh: "无需取消", reason: "单据已恢复有效，取消已撤回",
		},
		{name: "live", class: "live", verdict: rule.VerdictNothingOwed, zh: "无需取消", reason: "单据有效，未作废"},
		{name: "un-audited", class: "un_audited", verdict: rule.VerdictNothingOwed, zh: "无需取消", reason: "单据已反审核，未作废"},
		{name: "never audited", class: "never_audited", verdict: rule.VerdictNothingOwed, zh: "无需取消", reason: "从未审核，" +
			"旺店通没有对应的仓库单"},
		{
			name: "before the start", class: "before_cutover", verdict: rule.VerdictNothingOwed,
			zh: "无需取消", reason: "作废早于方案启用时间",
		},
		{
			name: "not selected", class: "not_selected", verdict: rule.VerdictNothingOwed,
			zh: "无需取消", reason: "库存组织不在方案范围内",
		},
		{name: "nothing in the scheme", verdict: rule.VerdictNothingOwed, zh: "无需取消", reason: "没有属于方案范围的仓库单"},
	}
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			scheme, no := fmt.Sprintf("s%02d", i), "ZZCX-"+c.name
			rows.Scheme(rowtest.Scheme{Scheme: scheme, Mode: c.mode, StopReason: c.stopped})
			rows.Bill(rowtest.Bill{
				Scheme: scheme, ID: 7, No: no, Class: c.class, ClassReason: "FBillNo", Generation: 2,
			})
			for _, cancellation := range c.cancellations {
				cancellation.Scheme, cancellation.BillID, cancellation.BillNo = scheme, 7, no
				rows.Cancellation(cancellation)
			}
			for _, work := range c.work {
				work.Scheme, work.BillID, work.BillNo = scheme, 7, no
				rows.Work(work)
			}
			bills, err := s.BillViews(t.Context(), no, "")
			require.NoError(t, err)
			require.Len(t, bills, 1)
			if c.stopped != "" {
				// Nobody reads the scheme: that comes first.
				require.NotEmpty(t, bills[0].Standing)
				c.zh, c.reason = "现在不知道，此前："+c.zh, bills[0].Standing+"。此前："+c.reason
			}
			require.Equal(t, []string{string(c.verdict), c.zh, c.reason},
				[]string{string(bills[0].VerdictCode), bills[0].Verdict, bills[0].Reason})
			require.Len(t, bills[0].Cancellations, len(c.cancellations))
			require.Len(t, bills[0].Work, len(c.work))
		})
	}
}

func TestANumberThatOnlyAWorkItemKnowsNeedsAPerson(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Work(rowtest.Work{
		Kind: "bill_undecodable", BillID: 0, BillNo: "ZZCX9", Subject: "FAffairType", Detail: "blank",
	})
	bills, err := s.BillViews(t.Context(), "ZZCX9", "")
	require.NoError(t, err)
	require.Len(t, bills, 1)
	require.Equal(t, "需人工", bills[0].Verdict)
	require.Equal(t, "单据数据不完整或无法识别，已停下（FAffairType）：blank", bills[0].Reason)
	require.Len(t, bills[0].Work, 1)

	none, err := s.BillViews(t.Context(), "ZZCX8", "")
	require.NoError(t, err)
	require.Empty(t, none, "未见此单")
}

func TestABillIsFoundByTheNumberItHadWhenItsCancellationWasWritten(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Bill(rowtest.Bill{ID: 1, No: "NEW-1"})
	rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "OLD-1", State: "done"})
	rows.Bill(rowtest.Bill{ID: 2, No: "OLD-1", Class: "live"})
	rows.Bill(rowtest.Bill{ID: 3, No: "NEW-1", Class: "live"})
	bills, err := s.BillViews(t.Context(), "OLD-1", rowtest.SchemeName)
	require.NoError(t, err)
	require.Len(t, bills, 2)
	require.EqualValues(t, 2, bills[0].BillID)
	require.EqualValues(t, 1, bills[1].BillID)
	require.Equal(t, "NEW-1", bills[1].BillNo)
}

func TestOneBillIsFoundByIndexes(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Bill(rowtest.Bill{ID: 1, No: "N1", Snapshot: true})
	first := rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "N1", State: "done", Attempt: 1})
	rows.Attempt(rowtest.Attempt{CancellationID: first, Disposition: "cancelled"})
	copyRows(t, rows, pool, "bill", map[string]string{"bill_id": "n", "bill_no": "'N' || n"})
	copyRows(t, rows, pool, "bill_snapshot", map[string]string{"bill_id": "n"})
	copyRows(t, rows, pool, "warehouse_order", map[string]string{"order_code": "'N' || n"})
	copyRows(t, rows, pool, "cancellation", map[string]string{"bill_id": "n", "bill_no": "'N' || n", "order_id": "n"})
	copyRows(t, rows, pool, "outcome", map[string]string{"cancellation_id": "n"})
	copyRows(t, rows, pool, "attempt", map[string]string{"cancellation_id": "n"})
	rows.Exec(`insert into voidrelay.work_item (scheme, kind, bill_id, bill_no, close_time, close_reason)
select 'assembly', 'rejected', n, 'N' || n, now(), 'settled' from generate_series(1, 5000) n`)
	rows.Exec(`analyze`)
	for _, asked := range []string{
		`select * from reporting.bill_verdict where bill_no = 'N77'`,
		`select * from reporting.bill_history where bill_no = 'N77' order by event_time, step`,
		`select * from reporting.cancellation_outcome where bill_no = 'N77'`,
		`select * from reporting.lag where bill_no = 'N77'`,
		`select * from reporting.work_item where bill_no = 'N77'`,
		query.BillsByNumber, query.BillHistory,
	} {
		var args []any
		switch asked {
		case query.BillsByNumber:
			args = []any{pgx.StrictNamedArgs{"bill_nos": []string{"N77"}, "scheme": "", "limit": 100}}
		case query.BillHistory:
			args = []any{pgx.StrictNamedArgs{"schemes": []string{"assembly"}, "ids": []int64{77}, "limit": 100}}
		}
		explained, err := pool.Query(t.Context(), `explain `+asked, args...)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(explained, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range lines {
			for _, table := range []string{
				"bill ", "bill_snapshot ", "cancellation ", "warehouse_order ", "outcome ", "attempt ", "work_item ",
			} {
				require.NotContains(t, line, "Seq Scan on "+table, "%s\n%s", asked, strings.Join(lines, "\n"))
			}
		}
	}
}

// copyRows makes rows 2 to 5000 like the one that a table has, with these columns computed from n; identities follow n.
func copyRows(t *testing.T, rows rowtest.DB, pool *pgxpool.Pool, table string, computed map[string]string) {
	t.Helper()
	found, err := pool.Query(t.Context(), `select column_name from information_schema.columns
where table_schema = 'voidrelay' and table_name = $1 and is_identity = 'NO'`, table)
	require.NoError(t, err)
	columns, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = cmp.Or(computed[column], "r."+column)
	}
	rows.Exec(`insert into voidrelay.` + table + ` (` + strings.Join(columns, ", ") + `)
select ` + strings.Join(values, ", ") + ` from voidrelay.` + table + ` r, generate_series(2, 5000) n`)
}

// TestEveryKindOfWorkHasItsWords reads the constants from the source, so that a new one cannot be forgotten.
func TestEveryKindOfWorkHasItsWords(t *testing.T) {
	_, pool := openStore(t)
	words := func(query string) []string {
		rows, err := pool.Query(t.Context(),
			query+` and message_zh <> '' and action_zh <> '' and message_en <> '' and action_en <> ''`)
		require.NoError(t, err)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return found
	}
	require.ElementsMatch(t, constants(t, "../rule/answer.go", "Work"),
		words(`select kind from work_kind where subject = ''`))
	require.ElementsMatch(t, constants(t, "../rule/condition_stop.go", "Stop"),
		words(`select reason from condition_kind where kind = 'scheme_stopped' and reason <> ''`))
	require.ElementsMatch(t, constants(t, "../rule/condition.go", "Condition"),
		words(`select kind from condition_kind where reason = ''`))
}

// constants are the texts of a file's constants whose names begin like this.
func constants(t *testing.T, path, prefix string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	var texts []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) || len(spec.Values) != 1 {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			texts = append(texts, text)
		}
		return true
	})
	require.NotEmpty(t, texts)
	return texts
}

func TestAStoppedSchemeSaysWhyInItsOwnWords(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Condition(rowtest.Condition{
		Kind: "scheme_stopped", Scheme: rowtest.SchemeName, Reason: "DATA_CENTER_DIFFERS", Detail: "dc-2",
	})
	rows.Condition(rowtest.Condition{Kind: "scheme_stopped", Scheme: rowtest.SchemeName, Reason: "SOMETHING_NEW"})
	found, err := s.ConditionViews(t.Context(), ledger.ConditionFilter{}, 0, 10)
	require.NoError(t, err)
	require.Equal(t, "方案已停止，不再读取和发送", found[0].Message)
	require.Equal(t, "方案已停止：金蝶登录的数据中心与方案不一致：dc-2", found[1].Message)
	require.Contains(t, found[1].Action, "KINGDEE_ACCT_ID")
	require.Contains(t, found[1].Action, `voidrelay resume "assembly" --reason`)
}
