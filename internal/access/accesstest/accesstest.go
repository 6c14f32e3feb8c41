// Package accesstest writes files of callers for tests.
package accesstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/voidrelay/voidrelay/internal/access"
)

// Caller is a line of a file of callers. Without a token it is a certificate's.
type Caller struct{ Name, Role, Token, Until string }

// Ops is an operator with a token, for tests that want one and no other.
var Ops = Caller{Name: "ops", Role: "operator", Token: "0123456789abcdef"}

// Line is the caller as the file has it.
func (c Caller) Line() string {
	fields := []string{c.Name, c.Role, "certificate"}
	if c.Token != "" {
		fields[2] = access.Digest(c.Token)
	}
	if c.Until != "" {
		fields = append(fields, "until", c.Until)
	}
	return strings.Join(fields, " ") + "\n"
}

// File writes the callers into a file that nobody else may read, and answers its path.
func File(t testing.TB, callers ...Caller) string {
	t.Helper()
	var text strings.Builder
	for _, c := range callers {
		text.WriteString(c.Line())
	}
	path := filepath.Join(t.TempDir(), "callers")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Callers are those of such a file.
func Callers(t testing.TB, callers ...Caller) *access.Callers {
	t.Helper()
	loaded, err := access.LoadCallers(File(t, callers...))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}
