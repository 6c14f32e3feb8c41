package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// asks runs a command line with these settings and what is piped in, and answers the two outputs apart.
func (m morning) asks(settings map[string]string, piped string, line ...string) (status int, out, errOut string) {
	m.Helper()
	var stdout, stderr bytes.Buffer
	sh := &shell{
		getenv: func(name string) string {
			if value, ok := settings[name]; ok {
				return value
			}
			return map[string]string{"ORCHESTRATOR_TARGET": m.target}[name]
		},
		out: &stdout, err: &stderr,
	}
	if piped != "" {
		sh.in = strings.NewReader(piped)
	}
	status = execute(m.Context(), sh, line)
	return status, stdout.String(), stderr.String()
}

func (m morning) reads(line ...string) string {
	m.Helper()
	status, out, errOut := m.asks(nil, "", line...)
	require.Zero(m, status, errOut)
	return out
}

// Whoever scripts the command line had JSON without its empty fields, and no other form.
func TestEachListIsPrintedInEachFormWithTheFieldNamesOfREST(t *testing.T) {
	m := sitDown(t)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "=cmd|x", Snapshot: true})
	id := m.rows.Cancellation(rowtest.Cancellation{
		BillID: 7, BillNo: "=cmd|x", State: "needs_attention", Disposition: "rejected", Attempt: 1,
		VendorMessage: "+\u202e拒绝",
	})
	m.rows.Work(rowtest.Work{Kind: "rejected", BillID: 7, BillNo: "=cmd|x", CancellationID: id})
	m.rows.Condition(rowtest.Condition{Kind: "wms_away", Account: "main"})
	m.rows.Run(rowtest.Run{Kind: "incremental"})
	for line, list := range map[string]string{
		"cancellations": "cancellations", "work": "workItems", "conditions": "conditions", "schemes": "schemes",
		"runs list": "runs", "actions": "actions", "watermarks assembly": "moves", "bill =cmd|x": "bills",
		"bills =cmd|x": "answers", "status": "", "scheme history assembly": "revisions", "ledger show": "",
	} {
		t.Run(line, func(t *testing.T) {
			words := strings.Fields(line)
			wants := 0
			if line == "status" {
				wants = statusPerson
			}
			ask := func(form string) string {
				status, out, errOut := m.asks(nil, "", append(words, "--output", form)...)
				require.Equal(t, wants, status, errOut)
				return out
			}
			var asJSON, asYAML map[string]any
			require.NoError(t, json.Unmarshal([]byte(ask("json")), &asJSON))
			require.NoError(t, yaml.Unmarshal([]byte(ask("yaml")), &asYAML))
			require.Equal(t, asJSON, throughJSON(t, asYAML), "YAML says the same")
			if list != "" {
				require.Contains(t, asJSON, list, "empty ones too, as REST has them")
			}
			text := ask("csv")
			require.True(t, strings.HasPrefix(text, "\ufeff"), "Excel takes it for UTF-8")
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
			require.NoError(t, err)
			for _, row := range rows[1:] {
				for _, cell := range row {
					require.NotRegexp(t, `^[=+@]`, cell)
					require.NotContains(t, cell, "\u202e")
				}
			}
			if members, ok := asJSON[list].([]any); ok && len(members) > 0 && list != "answers" {
				require.Len(t, rows, len(members)+1)
				for name := range members[0].(map[string]any) { //nolint:forcetypeassert // the test fails then
					require.Contains(t, rows[0], name)
				}
			}
		})
	}
	require.Contains(t, m.reads("cancellations", "-o", "csv"), `'=cmd|x`)
	require.Contains(t, m.reads("cancellations", "-o", "csv"), `'+\u202e拒绝`)
	require.Equal(t, m.reads("work", "--json"), m.reads("work", "-o", "json"))
	status, _, errOut := m.asks(nil, "", "work", "-o", "xml")
	require.Equal(t, statusWrong, status)
	require.Contains(t, errOut, "table, json, yaml, csv")
}

func throughJSON(t *testing.T, value any) (same map[string]any) {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &same))
	return same
}

// The failures: one number at a time, unknown ones on the error output, zzcx000161 and wide digits 未见此单.
func TestAPastedListOfBillsIsAnsweredWhole(t *testing.T) {
	m := sitDown(t)
	var known []string
	for i := range 17 {
		number := fmt.Sprintf("ZZCX%06d", 151+i)
		m.rows.Bill(rowtest.Bill{ID: int64(i + 1), No: number, Snapshot: true})
		known = append(known, number)
	}
	m.rows.Bill(rowtest.Bill{ID: 99, No: "with blank", Snapshot: true})
	list := append([]string{"UNKNOWN1"}, known...)
	list = append(list, "UNKNOWN2", "UNKNOWN3")
	wide := func(text string) string {
		return strings.Map(func(r rune) rune { return r - '!' + '！' }, text)
	}
	utf16Of := func(text string, big bool) string {
		out := []byte{0xff, 0xfe}
		if big {
			out = []byte{0xfe, 0xff}
		}
		for _, unit := range utf16.Encode([]rune(text)) {
			if big {
				out = append(out, byte(unit>>8), byte(unit))
			} else {
				out = append(out, byte(unit), byte(unit>>8))
			}
		}
		return string(out)
	}
	numbers := func(out string) (all []string, seen int) {
		var answer struct {
			Answers []struct {
				BillNo string
				Bills  []any
			}
		}
		require.NoError(t, json.Unmarshal([]byte(out), &answer))
		for _, one := range answer.Answers {
			all = append(all, strings.ToUpper(one.BillNo))
			if len(one.Bills) > 0 {
				seen++
			}
		}
		return all, seen
	}
	for name, text := range map[string]string{
		"lines": strings.Join(list, "\r\n") + "\r\n", "commas": strings.Join(list, ", "),
		"Chinese commas": strings.Join(list, "、"), "wide commas": strings.Join(list, "，"),
		"semicolons": strings.Join(list, ";"), "wide semicolons": strings.Join(list, "；"),
		"tabs": strings.Join(list, "\t"), "lower case": strings.ToLower(strings.Join(list, "\n")),
		"wide signs":           strings.Join(mapped(list, wide), "\n"),
		"quoted":               `"` + strings.Join(list, "\"\n\"") + `"`,
		"UTF-8 of Excel":       "\ufeff" + strings.Join(list, "\n"),
		"UTF-16 of Excel":      utf16Of(strings.Join(list, "\r\n"), false),
		"UTF-16 the other way": utf16Of(strings.Join(list, "\n"), true),
		"twice":                strings.Join(append(list, list...), "\n"),
		"wide blanks":          strings.Join(list, "\u3000\n"),
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errOut := m.asks(nil, text, "bills", "--json")
			require.Zero(t, status, errOut)
			all, seen := numbers(out)
			require.Equal(t, list, all, "each once, in its order, and those that nobody has seen")
			require.Equal(t, 17, seen)
			file := filepath.Join(t.TempDir(), "list.txt")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			fromFile := m.reads("bills", "--file", file, "--json")
			all, _ = numbers(fromFile)
			require.Equal(t, list, all)
		})
	}
	all, seen := numbers(m.reads(append([]string{"bills", "--json"}, list...)...))
	require.Equal(t, list, all)
	require.Equal(t, 17, seen)
	_, seen = numbers(m.reads("bills", "with blank", "--json"))
	require.Equal(t, 1, seen, "a blank may be within a number")

	out := m.reads(append([]string{"bills"}, list...)...)
	require.Contains(t, out, "UNKNOWN2")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(
		m.reads(append([]string{"bills", "-o", "csv"}, list...)...), "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 21)
	status, _, errOut := m.asks(nil, " ,\n", "bills")
	require.Equal(t, statusWrong, status)
	require.Contains(t, errOut, "没有单据编号")
	many := make([]string, 1200)
	for i := range many {
		many[i] = fmt.Sprintf("n%06d", i)
	}
	status, out, errOut = m.asks(nil, strings.Join(many, "\n"), "bills", "--json")
	require.Zero(t, status, errOut)
	all, _ = numbers(out)
	require.Len(t, all, 1200)
}

func mapped(all []string, change func(string) string) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = change(one)
	}
	return out
}

// There was no way to the next page.
func TestListsGoPastOnePage(t *testing.T) {
	m := sitDown(t)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "A1"})
	m.rows.Exec(`
insert into voidrelay.operator_action (actor, verb, scheme, reason)
select 'wang', 'pause', 'assembly', n::text from generate_series(1, 1203) n`)
	count := func(line ...string) (n int) {
		var answer struct{ Actions []any }
		require.NoError(t, json.Unmarshal([]byte(m.reads(append(line, "--json")...)), &answer))
		return len(answer.Actions)
	}
	require.Equal(t, 50, count("actions"))
	require.Equal(t, 501, count("actions", "--limit", "501"))
	require.Equal(t, 1203, count("actions", "--limit", "0"))
	require.Equal(t, 1203, count("actions", "--limit", "5000"))
}

// Times were those of the machine, wanted a zone here and took Beijing's there.
func TestTimesAreBeijingsEverywhere(t *testing.T) {
	m := sitDown(t)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "A1"})
	id := m.rows.Cancellation(rowtest.Cancellation{BillID: 7, BillNo: "A1", State: "needs_attention"})
	m.rows.Exec(`
update voidrelay.cancellation set create_time = '2026-11-25T18:00:00Z' where cancellation_id = $1`, id)
	t.Setenv("TZ", "America/New_York")
	out := m.reads("cancellations", "--from", "2026-11-26", "--to", "2026-11-26 02:00:01")
	require.Contains(t, out, rowtest.Now.Add(8*time.Hour).Format(time.DateTime))
	require.NotContains(t, out, "+08:00")
	require.Equal(t, 1, strings.Count(out, "时间为北京时间"), "the zone once")
	require.NotContains(t, m.reads("cancellations", "--from", "2026-11-26 02:01"), "A1")
	require.Contains(t, m.reads("cancellations", "-o", "csv"), "2026-11-26 02:00:00 +08:00")
	require.Contains(t, m.reads("retry", "assembly", "--from", "2026-11-26", "--dry-run", "--reason", "x"), "retried 1")
	require.NotContains(t, m.reads("ledger", "show"), "北京")
}

// Of nine acts the command line could not be told that they are the same one.
func TestEveryActTakesARequestID(t *testing.T) {
	m := sitDown(t)
	for _, line := range []string{
		"pause assembly --reason x", "resume assembly --reason x", "mode assembly dry_run --reason x",
		"stop-all --reason x", "resume-all --reason x", "read assembly",
		"watermark assembly --to 2026-01-01 --reason x",
	} {
		words := append(strings.Fields(line), "--request-id", "once-"+strings.Fields(line)[0])
		first := m.reads(words...)
		before := m.rows.Text(`select count(*)::text from voidrelay.operator_action`)
		require.Equal(t, first, m.reads(words...), "the first answer again")
		require.Equal(t, before, m.rows.Text(`select count(*)::text from voidrelay.operator_action`), line)
		require.Equal(t, "1", m.rows.Text(`
select count(*)::text from voidrelay.operator_action where request_id = 'once-`+strings.Fields(line)[0]+`'`), line)
	}
	root := (&shell{getenv: func(string) string { return "" }, out: &bytes.Buffer{}, err: &bytes.Buffer{}}).root()
	for _, path := range []string{
		"ledger confirm", "scheme apply", "scheme retire", "retry", "ignore", "done", "release", "reclassify", "close",
		"backfill plan", "backfill start", "backfill apply", "runs start", "runs cancel",
	} {
		found, _, err := root.Find(strings.Fields(path))
		require.NoError(t, err)
		require.NotNil(t, found.Flags().Lookup("request-id"), path)
	}
}

// Values completed to nothing.
func TestAShellCompletesSchemesStatesKindsAndConditions(t *testing.T) {
	m := sitDown(t)
	for line, wants := range map[string][]string{
		"pause ":                  {"assembly"},
		"mode ":                   {"assembly"},
		"mode assembly ":          {"dry_run", "send"},
		"cancellations --scheme ": {"assembly"}, "cancellations --state ": {"needs_attention", "dry_run"},
		"runs list --kind ": {"reconcile", "backfill"}, "runs list --state ": {"applying"},
		"retry assembly --kind ": {"answer_unrecognised", "resting_orders"}, "events --kind ": {"run_ended"},
		"conditions --kind ": {"wms_away", "file_broken"}, "work --output ": {"table", "csv"},
		"backfill items --state ": {"already_owed"},
	} {
		words := strings.Split(line, " ")
		out := m.reads(append([]string{"__complete"}, words...)...)
		for _, want := range wants {
			require.Regexp(t, `(?m)^`+want+`(\t|$)`, out, line)
		}
	}
	for _, shellName := range []string{"bash", "zsh", "fish"} {
		require.Contains(t, m.reads("completion", shellName), "voidrelay")
	}
	// An orchestrator that does not answer completes nothing, and says nothing.
	status, out, _ := m.asks(map[string]string{"ORCHESTRATOR_TARGET": "127.0.0.1:1"}, "", "__complete", "pause", "")
	require.Zero(t, status)
	require.NotContains(t, out, "assembly")
	require.ElementsMatch(t, workKinds(), strings.Fields(m.rows.Text(
		`select string_agg(distinct kind, ' ') from voidrelay.work_kind`)))
}

// A marked order showed 已取消 and its last answer, and not that a person said so.
func TestABillSaysWhoMarkedAnOrderDoneAndWhy(t *testing.T) {
	m := sitDown(t)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "A1", Snapshot: true})
	id := m.rows.Cancellation(rowtest.Cancellation{
		BillID: 7, BillNo: "A1", State: "needs_attention", Disposition: "too_late", Attempt: 1,
	})
	m.reads("done", "assembly", "--ids", fmt.Sprint(id), "--reason", "仓库已手工取消")
	require.Regexp(t, `└ 人工标记为已取消 marked done by a person: .*仓库已手工取消`, m.reads("bill", "A1"))
}

// Chinese ended at the README.
func TestTheLanguageIsTheLocales(t *testing.T) {
	m := sitDown(t)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "A1"})
	m.rows.Cancellation(rowtest.Cancellation{BillID: 7, BillNo: "A1", State: "needs_attention"})
	head := func(settings map[string]string) string {
		status, out, errOut := m.asks(settings, "", "cancellations")
		require.Zero(t, status, errOut)
		return out
	}
	zh := head(map[string]string{"LANG": "zh_CN.UTF-8"})
	require.Contains(t, zh, "待人工")
	require.NotContains(t, zh, "needs_attention")
	require.NotContains(t, zh, "order")
	en := head(map[string]string{"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"})
	require.Contains(t, en, "needs_attention")
	require.NotContains(t, en, "待人工")
	require.Contains(t, head(map[string]string{"LC_MESSAGES": "C", "LANG": "zh_CN.UTF-8"}), "待人工 needs_attention")
	_, help, _ := m.asks(map[string]string{"LANG": "zh_CN.UTF-8"}, "", "--help")
	require.Contains(t, help, "回补\n")
	require.NotContains(t, help, "补录")
	require.Contains(t, help, "退出码")
}

// The exit status says whether it helps to try again.
func TestWhatTheOrchestratorRefusesAsWrongEndsAsWhatTheCommandLineRefuses(t *testing.T) {
	m := sitDown(t)
	status, _, errOut := m.asks(nil, "", "cancellations", "--warehouse", strings.Repeat("x", 5000))
	require.Equal(t, statusWrong, status, errOut)
	status, _, errOut = m.asks(nil, "", "pause", "nope", "--reason", "x")
	require.Equal(t, statusFailed, status, errOut)
}

// Who pipes types a dash for what is piped in, and it was taken for a bill number.
func TestADashIsWhatIsPipedIn(t *testing.T) {
	m := sitDown(t)
	status, out, said := m.asks(nil, "NOPE1\nNOPE2\n", "bills", "-", "--output", "csv")
	require.Zero(t, status, said)
	require.Contains(t, out, "NOPE1,")
	require.Contains(t, out, "NOPE2,")
}
