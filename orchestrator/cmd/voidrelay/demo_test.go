package main

import (
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
}
