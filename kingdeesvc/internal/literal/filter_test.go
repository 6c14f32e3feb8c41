package literal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuoteIsAFence(t *testing.T) {
	for text, want := range map[string]string{
		"ZZCX000012":       "'ZZCX000012'",
		"O'Neill":          "'O''Neill'",
		"' or '1'='1":      "''' or ''1''=''1'",
		"组装-1":             "'组装-1'",
		"":                 "''",
		"--; drop <x> [y]": "'--; drop <x> [y]'",
	} {
		got, err := Quote(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"a\x00", "a\nb", "a\tb", "\x7f", "\u0085", "\xff"} {
		_, err := Quote(text)
		require.ErrorIs(t, err, ErrUnsafeText)
	}
	_, err := InTexts("FBillNo", []string{"a", "b\n"})
	require.ErrorIs(t, err, ErrUnsafeText)
}

func TestIn(t *testing.T) {
	got, err := InTexts("FBillNo", []string{"a", "b'c"})
	require.NoError(t, err)
	require.Equal(t, "FBillNo in ('a','b''c')", got)
	require.Equal(t, "FID in (1,22)", InIDs("FID", []int64{1, 22}))
}

func FuzzQuote(f *testing.F) {
	f.Add("O'Neill")
	f.Add("''")
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := Quote(text)
		if err != nil {
			return
		}
		inside := strings.TrimSuffix(strings.TrimPrefix(quoted, "'"), "'")
		if strings.Contains(strings.ReplaceAll(inside, "''", ""), "'") {
			t.Fatalf("%q can be left: %s", text, quoted)
		}
		if strings.ReplaceAll(inside, "''", "'") != text {
			t.Fatalf("%q changed: %s", text, quoted)
		}
	})
}
