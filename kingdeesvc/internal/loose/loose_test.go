package loose

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextWhateverItIsWrittenAs(t *testing.T) {
	for raw, want := range map[string]string{
		`"账套"`: "账套", `12345678901234`: "12345678901234", `1.2345678901234E+13`: "12345678901234", `8.2`: "8.2",
		`true`: "true", `null`: "", ``: "",
		`[{"Key":2052,"Value":"账套"},{"Key":1033,"Value":"Centre"}]`: "账套",
		`[{"Key":2052,"Value":""},{"Key":1033,"Value":"Centre"}]`:   "Centre",
		`{"Key":2052,"Value":"账套"}`:                                 "账套", `{"Name":"x"}`: "", `[]`: "", `{`: "",
	} {
		require.Equal(t, want, Text(json.RawMessage(raw)), raw)
	}
}

func TestWholeNumbersWhateverTheyAreWrittenAs(t *testing.T) {
	for raw, want := range map[string]int64{
		`1`: 1, `"1"`: 1, `1.0`: 1, `"288000000000"`: 288000000000, `2.88E+11`: 288000000000, `-5`: -5, `" 7 "`: 7,
		`0.0`: 0, `0e-999999999`: 0,
	} {
		n, ok := Whole(json.RawMessage(raw))
		require.True(t, ok, raw)
		require.Equal(t, want, n, raw)
	}
	for _, raw := range []string{`1.5`, `"x"`, `null`, ``, `true`, `{}`, `[1]`, `1e999999999`, `"NaN"`, `"0x10"`} {
		_, ok := Whole(json.RawMessage(raw))
		require.False(t, ok, raw)
	}
}

func FuzzLoose(f *testing.F) {
	for _, text := range []string{
		"[{\"Key\":1,\"Value\":\xff\x80\"}]", `{"A":1}`, `[{"Key":1,"Value":"x"}]`, `"1E5"`,
		`1e308`, `{"Value":{"Value":[1]}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = Text(raw), Truth(raw)
		_, _ = Whole(raw)
		_, _, _ = Plain(string(raw))
		for name := range Read(raw) {
			_ = Read(raw).Text(name)
		}
	})
}
