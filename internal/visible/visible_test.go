package visible_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/visible"
)

func TestNothingHiddenIsShown(t *testing.T) {
	t.Parallel()
	for text, shown := range map[string]string{
		"单据 A-1 (组装), 100% ✓ 👍 é":    "单据 A-1 (组装), 100% ✓ 👍 é",
		"\x1b[2J\x1b[31m\a":          `\u001b[2J\u001b[31m\u0007`,
		"a\nb\r\nc\td":               `a\nb\r\nc\td`,
		"\u009b31m\u0085\x7f\x00":    `\u009b31m\u0085\u007f\u0000`,
		"\u202ecod.exe\u2066\u200e":  `\u202ecod.exe\u2066\u200e`,
		"a\u200bb\ufeff\u2060\u00ad": `a\u200bb\ufeff\u2060\u00ad`,
		"\u2028\u2029":               `\u2028\u2029`,
		"\U000e0041":                 `\udb40\udc41`,
		"a\xffb\xc2":                 "a\ufffdb\ufffd",
		`C:\new`:                     `C:\new`,
	} {
		require.Equal(t, shown, visible.Text(text), "%q", text)
	}
}

func TestAWriterKeepsLinesAndWhatJSONSays(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	const text = "\x1b[2J\u009b\u202e\u200b\u2028\U000e0041\x7f\n库存"
	document, err := json.Marshal(map[string]string{"text": text})
	require.NoError(t, err)
	w := visible.Writer(&out)
	n, err := w.Write(append(document, "\n\tnext\x1b\n"...))
	require.NoError(t, err)
	require.Equal(t, len(document)+len("\n\tnext\x1b\n"), n)
	written, rest, found := bytes.Cut(out.Bytes(), []byte("\n"))
	require.True(t, found)
	require.Equal(t, "\tnext\\u001b\n", string(rest))
	var said map[string]string
	require.NoError(t, json.Unmarshal(written, &said))
	require.Equal(t, text, said["text"])
	for _, r := range string(written) {
		require.False(t, visible.Hidden(r), "%U", r)
	}
}

// What Excel, LibreOffice and WPS take for a formula is a text.
func TestNoCellIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		`=HYPERLINK("http://x","y")`: `'=HYPERLINK("http://x","y")`, "+1+1": "'+1+1", "-1+1": "'-1+1",
		"@SUM(A1)": "'@SUM(A1)",
		" =1":      "' =1", "＝1": "'＝1", "-12": "-12", "-12.5": "-12.5", "-": "'-", "": "", "ZZCX000154": "ZZCX000154",
		"a\tb\n=1": `a\tb\n=1`, "\t=1": `\t=1`, "A\u202eB": `A\u202eB`,
	} {
		require.Equal(t, want, visible.Cell(text), text)
	}
}
