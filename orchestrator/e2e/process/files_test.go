package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What was wrong with a file stood in nobody's log but that of the next start, which it ended.
func TestAFileThatIsBrokenIsAConditionUntilItIsWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
		return path
	}
	dictionary, token := put("dictionary", "version: one\nentries: []\n"), put("token", "not asked for\n")
	w := setup(t, map[string]string{"WMS_DICTIONARY": dictionary})
	orchestrator, _ := w.orchestrate(map[string]string{
		"ADAPTER_TOKEN_FILE": token, "ORCHESTRATOR_HOST_NAME": "here",
	})
	l := w.ledger()
	open := func(reason string) func() bool {
		return func() bool {
			return l.is(`exists (select from condition where kind = 'file_broken' and host = 'here' and reason = '` +
				reason + `' and end_time is null)`)
		}
	}
	closed := func(reason string) func() bool { return func() bool { return !open(reason)() } }
	put("dictionary", "entries: [{}]\n")
	await(t, time.Minute, "the adapter's file is told of", open("wmssvc WMS_DICTIONARY"))
	require.NoError(t, os.Remove(token))
	await(t, time.Minute, "our own, too", open("ADAPTER_TOKEN_FILE"))
	require.Contains(t, get(t, "http://"+orchestrator.Addrs[1]+"/v1/conditions"), "ADAPTER_TOKEN_FILE")
	require.Contains(t, get(t, "http://"+orchestrator.Addrs[1]+"/readyz"), "file_broken", "and it stays ready")

	put("dictionary", "version: two\nentries: []\n")
	await(t, time.Minute, "it ends by itself", closed("wmssvc WMS_DICTIONARY"))
	require.True(t, open("ADAPTER_TOKEN_FILE")())

	// A host that is killed leaves its condition open. The next one ends it, and begins by what there is now.
	orchestrator.Kill()
	put("token", "not asked for\n")
	w.orchestrate(map[string]string{"ADAPTER_TOKEN_FILE": token, "ORCHESTRATOR_HOST_NAME": "here"})
	await(t, time.Minute, "the condition of before ends", closed("ADAPTER_TOKEN_FILE"))
}
