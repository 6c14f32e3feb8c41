package migrate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestEachKindOfWorkHasItsWordsAndItsWayOut holds the rules' list of kinds against the words in the database, in both
// languages, and against the table in docs/running.md that says how each is closed.
func TestEachKindOfWorkHasItsWordsAndItsWayOut(t *testing.T) {
	pool := openLedger(t)
	document, err := os.ReadFile("../../../../docs/running.md")
	require.NoError(t, err)
	rows := map[string][]string{}
	for _, line := range strings.Split(string(document), "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 6 {
			rows[strings.Trim(cells[1], " `")] = cells[2:5]
		}
	}
	kinds := workKinds(t)
	require.Greater(t, len(kinds), 20)
	for _, kind := range kinds {
		require.Contains(t, rows, kind, "docs/running.md")
		for _, cell := range rows[kind] {
			require.NotEmpty(t, strings.TrimSpace(cell), kind)
		}
		var words []string
		require.NoError(t, pool.QueryRow(t.Context(), `
select array[message_zh, action_zh, message_en, action_en] from work_kind where kind = $1 and subject = ''`,
			kind).Scan(&words), "the words of %s", kind)
		require.NotContains(t, words, "", kind)
	}
	found, err := pool.Query(t.Context(), `select distinct kind from work_kind`)
	require.NoError(t, err)
	worded, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Subset(t, kinds, worded, "words of a kind that the rules do not have")
}

// The words that stand beside the codes in the views are those of reporting.word_zh.
func TestEachCodeOfTheRulesHasAWordForStaff(t *testing.T) {
	pool := openLedger(t)
	var wordless []string
	for about, codes := range map[string][]string{
		"work_kind":      workKinds(t),
		"condition_kind": texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "ConditionKind" }),
		"hold_reason":    texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "HoldReason" }),
		"evidence":       texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "Evidence" }),
		"orders_from":    texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "OrdersFrom" }),
		"class":          texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "Class" }),
		"state":          texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "CancellationState" }),
		"trigger":        texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "Trigger" }),
		"disposition":    texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "Disposition" }),
	} {
		require.NotEmpty(t, codes, about)
		for _, code := range codes {
			var word string
			require.NoError(t, pool.QueryRow(t.Context(), `select reporting.word_zh($1, $2)`, about, code).Scan(&word))
			if code == word && code != "" {
				wordless = append(wordless, about+" "+code)
			}
		}
	}
	require.Empty(t, wordless)
}

// workKinds are the constants of type WorkKind in the rules.
func workKinds(t *testing.T) []string {
	t.Helper()
	return texts(t, "../../rule/*.go", func(_, kind string) bool { return kind == "WorkKind" })
}

// texts are the values of the text constants in these files that are chosen by their name and the type they are
// declared with.
func texts(t *testing.T, pattern string, chosen func(name, kind string) bool) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			declared, _ := spec.Type.(*ast.Ident)
			kind := ""
			if declared != nil {
				kind = declared.Name
			}
			for i, value := range spec.Values {
				if text, ok := value.(*ast.BasicLit); ok && chosen(spec.Names[i].Name, kind) {
					unquoted, err := strconv.Unquote(text.Value)
					require.NoError(t, err)
					found = append(found, unquoted)
				}
			}
			return true
		})
	}
	return found
}

// TestEachVerbHasAWordForStaff holds the acts that can be recorded against the view in which they are read.
func TestEachVerbHasAWordForStaff(t *testing.T) {
	pool := openLedger(t)
	verbs := texts(t, "../*.go", func(_, kind string) bool { return kind == "Verb" })
	require.Greater(t, len(verbs), 15)
	for _, verb := range verbs {
		_, err := pool.Exec(t.Context(),
			`insert into operator_action (actor, verb, reason, parameters, result) values ('li', $1, 'x', '{}', '{}')`,
			verb)
		require.NoError(t, err)
	}
	found, err := pool.Query(t.Context(), `select verb from reporting.operator_action where verb_zh = verb`)
	require.NoError(t, err)
	wordless, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, wordless)
}
