package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATokenIsShownOnceAndTheFileHasItsDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "callers")
	settings := map[string]string{"AUTH_CALLERS_FILE": path}
	status, out, errOut := call(t, settings, "token", "create", "wang", "--role", "operator", "--days", "365")
	require.Equal(t, 0, status, errOut)
	token := strings.TrimSpace(out)
	require.Regexp(t, `^[A-Z2-7]{26}$`, token)
	require.Contains(t, errOut, "wang，operator，有效至 until 20")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(content), token)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	status, _, errOut = call(t, settings, "token", "create", "li", "--role", "viewer")
	require.Equal(t, 0, status, errOut)
	status, out, errOut = call(t, settings, "token", "list")
	require.Equal(t, 0, status, errOut)
	require.Regexp(t, `(?s)wang +operator +令牌 token [0-9a-f]{12} +20.*li +viewer +令牌 token [0-9a-f]{12} +长期`, out)
	require.NotContains(t, out, token)

	status, out, errOut = call(t, settings, "token", "revoke", "wang")
	require.Equal(t, 0, status, errOut)
	require.Contains(t, out, "已吊销 revoked: 1")
	_, out, _ = call(t, settings, "token", "list")
	require.NotContains(t, out, "wang")
	require.Contains(t, out, "li")
}

func TestATokenThatCannotBeMadeChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "callers")
	for want, line := range map[string][]string{
		"boss\" is no role":         {"token", "create", "wang", "--role", "boss", "--file", path},
		"--days":                    {"token", "create", "wang", "--role", "viewer", "--days", "-1", "--file", path},
		"name the file: --file":     {"token", "create", "wang", "--role", "viewer"},
		"NAME ROLE":                 {"token", "create", "wang li", "--role", "viewer", "--file", path},
		"no line of the file has":   {"token", "revoke", "wang", "--file", path},
		"no such file or directory": {"token", "list", "--file", path},
	} {
		status, out, errOut := call(t, nil, line...)
		require.NotEqual(t, 0, status, line)
		require.Contains(t, errOut, want)
		require.Empty(t, out)
		require.NoFileExists(t, path)
	}
}
