package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

func TestDemo(t *testing.T) {
	// A database that does not answer: the demo must not even look at it.
	status, out, errOut := call(t, map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "demo")
	require.Zero(t, status, errOut)
	for _, step := range ksample.Day() {
		require.Contains(t, out, step.BillNo)
	}
	for _, words := range []string{"已取消", "部分取消", "无需取消", "too_late", "一致 they agree"} {
		require.Contains(t, out, words)
	}
	// The other form: a void, an un-audit, one that the selector turns down, one without a warehouse, one of which only
	// a line has none.
	_, table, _ := strings.Cut(out, "结论 verdict")
	table, _, _ = strings.Cut(table, "核对 compared")
	for number, want := range map[string][]string{
		"TLSQ000151": {"已取消", "WH-HZ01/TLSQ000151/CGTH"},
		"TLSQ000152": {"已取消", "WH-YW01/TLSQ000152/CGTH", "WH-JX01/TLSQ000152/CGTH"},
		"TLSQ000153": {"无需取消", "方案的条件（selector）未选中该单"},
		"TLSQ000154": {"无需取消", "没有一行写明仓库"},
		"TLSQ000155": {"无需取消", "单据有效"},
		"TLSQ000157": {"需人工", "WH-JX01/TLSQ000157/CGTH", "有的行没有写明仓库"},
	} {
		_, rows, found := strings.Cut(table, "\n"+number)
		require.True(t, found, number)
		for _, other := range []string{"\nTLSQ", "\nZZCX"} {
			rows, _, _ = strings.Cut(rows, other)
		}
		for _, words := range want {
			require.Contains(t, rows, words, number)
		}
	}
}
