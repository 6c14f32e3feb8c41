package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Rule 17 (docs/rules.md): `voidrelay scheme apply FILE --reason …` shows what it changes, asks,
// and makes a revision with who and why.
func TestAFileIsAppliedAfterShowingWhatItChanges(t *testing.T) {
	m := sitDown(t)
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	write := func(words ...string) {
		text := strings.NewReplacer(words...).Replace(string(scheme.ShippedDocument()))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	typed := func(command string, wanted int) string {
		t.Helper()
		status, out := m.types("voidrelay scheme " + strings.ReplaceAll(command, "FILE", file))
		require.Equal(t, wanted, status, out)
		return out
	}
	write()
	require.Contains(t, typed("apply FILE", 2), "--reason")
	require.Contains(t, typed("apply FILE --reason first --if-revision 3", 1), "revision 0, not 3")
	require.Contains(t, typed("apply FILE --reason first --if-revision 0", 0),
		"[y/N] 已应用 applied  assembly-void  第 1 版")
	require.Contains(t, typed("apply FILE --reason again", 0), "no revision was made")

	write("CK005:", "CK006:", "backoff: 1s", "backoff: 2s")
	out := typed("apply FILE --reason 换仓库", 0)
	require.Regexp(t,
		`(?s)revision 1 → 2.*\+ 仓库 warehouse CK006.*- 仓库 warehouse CK005.*timing\.backoff.*\[y/N\] 已应用`, out)
	require.Contains(t, typed("diff assembly-void --revision 1", 0), "revision 2 → 3")
	require.Contains(t, typed("diff FILE --bills", 0), "已存单据 stored bills 0")

	out = typed("history assembly-void", 0)
	require.Regexp(t, `(?s)2 .*换仓库.*\+ warehouse CK006, - warehouse CK005, timing\.backoff.*1 .*first`, out)
	require.NoError(t, os.WriteFile(file, []byte(typed("export assembly-void", 0)), 0o600))
	require.Contains(t, typed("apply FILE --reason same --yes", 0), "no revision was made")
	require.NoError(t, os.WriteFile(file, []byte(typed("export assembly-void --revision 1", 0)), 0o600))
	require.Contains(t, typed("apply FILE --reason 换回 --yes", 0), "第 3 版")

	require.Contains(t, typed("retire assembly-void --reason 换系统", 0), "已停用 retired  assembly-void")
	require.Contains(t, typed("retire nope --reason 换系统 --yes", 1), "没有此方案")
}
