package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/visible"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// hostile are texts that do something to a terminal, or to whoever reads it.
var hostile = map[string]string{
	"clears the screen, sets the title, is red": "A\x1b[2J\x1b]0;owned\a\x1b[31mB",
	"C1, and DEL":                    "A\u009b31mB\u0085\x7f\b\b",
	"turns the direction":            "A\u202e\u202dgpj\u2066\u2067\u2068\u2069\u200e\u200f\u061cB",
	"separates lines and paragraphs": "A\u2028B\u2029C",
	"cannot be seen":                 "A\u200b\u200c\u200d\u2060\ufeff\u00ad\U000e0041B",
	"forges a line":                  "A\r\n2026-01-01  wang  release\tB",
}

// onTerminal fails where a text would do something to a terminal.
func onTerminal(t *testing.T, command, out string) {
	t.Helper()
	for _, r := range strings.NewReplacer("\n", "", "\t", "").Replace(out) {
		require.False(t, visible.Hidden(r), "%s printed %U:\n%q", command, r, out)
	}
}

// A bill's number, a warehouse, an answer of the WMS, a note, a reason and a caller's name come from others.
func TestWhatOthersWroteDoesNothingToATerminal(t *testing.T) {
	for what, text := range hostile {
		t.Run(what, func(t *testing.T) {
			m := sitDown(t)
			m.rows.Exec(`update voidrelay.scheme set title = $1`, text)
			m.rows.Exec(`insert into voidrelay.host (host, version) values ($1, $1)`, text)
			m.rows.Bill(rowtest.Bill{ID: 7, No: text, Snapshot: true})
			id := m.rows.Cancellation(rowtest.Cancellation{
				BillID: 7, BillNo: text, Warehouse: text, State: "needs_attention", Disposition: "rejected",
				VendorMessage: text, Attempt: 1,
			})
			m.rows.Work(rowtest.Work{
				Kind: "rejected", BillID: 7, BillNo: text, CancellationID: id, Subject: text, Detail: text,
			})
			m.rows.Condition(rowtest.Condition{Kind: "wms_away", Account: text, Detail: text})
			m.rows.Condition(rowtest.Condition{
				Kind: "paused", Scheme: rowtest.SchemeName, Detail: text,
			})
			m.rows.Run(rowtest.Run{Kind: "incremental", Error: text})
			m.rows.Reconcile(rowtest.Reconcile{State: "failed", Error: text, Note: text})
			m.rows.Exec(`
insert into voidrelay.operator_action (actor, verb, scheme, reason, request_id)
values ($1, 'pause', 'assembly', $1, $1)`,
				text)
			m.rows.Exec(`
insert into voidrelay.watermark_change (scheme, move_time, watermark_before, watermark_after, actor, reason)
values ('assembly', now(), now(), now(), $1, $1)`, text)
			m.rows.Exec(`
insert into voidrelay.event_inbox (kind, scheme, about_id, reason)
select 'act', 'assembly', max(operator_action_id), 'pause' from voidrelay.operator_action`)

			quoted := "'" + text + "'"
			for command, wants := range map[string]int{
				"status": 3, "conditions": 2, "work": 2, "cancellations": 3, "bill " + quoted: 3,
				"cancellations --bill " + quoted: 3, "schemes": 1, "runs list assembly": 1,
				"actions": 2, "watermarks assembly": 2, "events": 0, "scheme history assembly": 0,
				"bill " + quoted + "nope": 0, "pause " + quoted + " --reason x": 0,
			} {
				_, out := m.types("voidrelay " + command)
				onTerminal(t, command, out)
				require.GreaterOrEqual(t, strings.Count(out, visible.Text(text)), wants, "%s\n%s", command, out)
				require.NotRegexp(t, `(?m)^2026-01-01`, out, command)
				if strings.HasPrefix(command, "pause") || strings.Contains(command, "nope") {
					continue
				}
				status, out := m.types("voidrelay " + command + " --json")
				onTerminal(t, command, out)
				if status == 0 && wants > 1 {
					require.Contains(t, textsOf(t, out), text, "%s is as it was, as JSON", command)
				}
			}
		})
	}
}

// textsOf are all texts of a JSON document.
func textsOf(t *testing.T, document string) (texts []string) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(document), &value), document)
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(value)
	return texts
}

// Nobody writes a control into his reason: it is refused, by the field's name. What cannot be seen may have come with
// what he pasted: it is kept as it is.
func TestAReasonWithAControlIsRefused(t *testing.T) {
	m := sitDown(t)
	for _, reason := range []string{"A\x1b[31m", "A\u009b", "A\x7f", "A\a"} {
		status, out := m.types(fmt.Sprintf("voidrelay pause assembly --reason '%s'", reason))
		require.NotZero(t, status)
		require.Contains(t, out, "reason", out)
		onTerminal(t, "pause", out)
	}
	require.Equal(t, "0", m.rows.Text(`select count(*)::text from voidrelay.operator_action`))
	const pasted = "盘点\u200b👨\u200d👩 第一行\n第二行"
	status, out := m.types("voidrelay pause assembly --reason '" + pasted + "'")
	require.Zero(t, status, out)
	require.Equal(t, pasted, m.rows.Text(`select reason from voidrelay.operator_action`))
	_, out = m.types("voidrelay actions")
	require.Contains(t, out, `盘点\u200b👨\u200d👩 第一行\n第二行`)
}
