package dictionary_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
)

func failure(text string) dictionary.Answer { return dictionary.Answer{Texts: []string{text}} }

func TestFileComesFirstAndReplacesByName(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Extend([]byte(`
version: "2026-11"
entries:
  - name: our-own
    disposition: too_late
    texts: [单据不存在于本仓]
  - name: permission
    source: public
    see: [our WMS on 2026-11-20]
    disposition: throttled
    retry_after: 30s
    codes: [E429]
`))
	require.NoError(t, err)
	require.Regexp(t, `^3\+2026-11\.[0-9a-f]{8}$`, words.Version())
	require.Equal(t, dictionary.TooLate, words.Classify(failure("单据不存在于本仓")).Disposition)
	require.Equal(t, dictionary.NotFound, words.Classify(failure("单据不存在")).Disposition)
	require.Equal(t, dictionary.Meaning{
		Disposition: dictionary.Throttled, Recognised: true, RetryAfter: 30 * time.Second, Entry: "permission",
	},
		words.Classify(dictionary.Answer{Codes: []string{"", "e429"}}))
	require.False(t, words.Classify(failure("权限不足")).Recognised, "the embedded entry is replaced, not added to")
}

func TestWhatIsWrongWithAFileIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := dictionary.Extend([]byte(`entries:
  - disposition: too_late
    texts: [a]
  - name: b
    disposition: gone
    texts: [b]
  - name: c
    disposition: cancelled
    texts: [c]
  - name: d
    disposition: throttled
    retry_after: soon
    texts: [d]
  - name: e
    disposition: rejected
    retry_after: 5m
    texts: ["  "]
  - name: f
    disposition: not_sent
    text: [f]
  - name: g
    disposition: auth
    recognised: false
    patterns: ['(', 'x*']
  - name: h
    flag: maybe
    disposition: auth
    codes: [""]
  - name: i
    disposition: auth
    texts: [i]
    source: public
  - name: j
    disposition: auth
    texts: [i]
    source: hearsay
  - name: i
    disposition: auth
    texts: [i]
  - name: i
    disposition: auth
    texts: [i]
  - name: k
    source: analogy
    disposition: already_cancelled
    texts: [已撤]
  - name: l
    disposition: rejected
    fault: clock
    sentence: order_is_late
  - name: m
    flag: platform
    disposition: cancelled
    codes: ['*']
`))
	require.Error(t, err)
	for _, want := range []string{
		"version is missing",
		"line 2: name is missing",
		`line 4: disposition "gone" is not in the list`,
		"line 7: a failure cannot mean cancelled",
		`line 10: retry_after "soon"`,
		"line 14: retry_after belongs to throttled only", "an empty text",
		`line 18: unknown key "text"`, `disposition "not_sent" is never the meaning of a WMS's answer`,
		"none of codes, texts, patterns, sentence",
		"line 21: recognised: false belongs to rejected only", `pattern "("`, `pattern "x*" would match every answer`,
		`line 25: flag "maybe"`, "an empty code",
		"line 29: source public wants see", `source "hearsay" is none of`, `line 40: a second entry named "i"`,
		"line 43: a guess (source: analogy) never means already_cancelled", "line 47: fault belongs to auth only",
		`sentence "order_is_late"`,
		"line 51: a failure cannot mean cancelled",
	} {
		require.ErrorContains(t, err, want)
	}
	for name, content := range map[string]string{
		"not YAML": "\t", "empty": "",
		"another top-level key": "version: x\nentry: []\n", "two documents": "version: x\n---\nversion: y\n",
	} {
		_, err := dictionary.Extend([]byte(content))
		require.Error(t, err, name)
	}
}

func TestOnlyTheBeginningOfALongTextCounts(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	long := strings.Repeat("啊", 1<<20)
	require.False(t, words.Classify(failure(long+"无仓库访问权限")).Recognised)
	require.Equal(t, "warehouse-right", words.Classify(failure("无仓库访问权限"+long)).Entry)
	require.False(t, words.Classify(failure("单据已取消"+long)).Recognised, "a sentence goes to its end")
}

// Nobody shall take a guess for knowledge: every embedded entry says where its words come from, in the order of
// the sections.
func TestEmbeddedEntriesSayWhereTheirWordsComeFrom(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("default.yaml")
	require.NoError(t, err)
	var f struct {
		Entries []struct {
			Name, Source string
			See          []string
		}
	}
	require.NoError(t, yaml.Unmarshal(content, &f))
	require.Greater(t, len(f.Entries), 20)
	for _, e := range f.Entries {
		require.Contains(t, []string{"sentence", "public", "sandbox", "analogy"}, e.Source, e.Name)
		for _, see := range e.See {
			require.Regexp(t, "https?://", see, e.Name)
		}
	}
	sections, _, found := strings.Cut(string(content), "# ---- 5.")
	require.True(t, found)
	for i, source := range []string{"sentence", "public", "sandbox", "analogy"} {
		_, section, found := strings.Cut(sections, fmt.Sprintf("# ---- %d.", i+1))
		require.True(t, found)
		section, _, _ = strings.Cut(section, "# ---- ")
		require.Equal(t, strings.Count(section, "- name: "), strings.Count(section, "source: "+source+"\n"),
			"section %d", i+1)
	}
}

// The failure: the operator's 已撤单 closes an order whose waybill, 电子面单, was 已撤单.
func TestOwnEntriesThatEndAnOrderAreWholeTexts(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Extend([]byte(`
version: "1"
entries:
  - name: recalled
    disposition: already_cancelled
    texts: ['单据[#]已撤单']
    patterns: ['.{0,4}已召回']
  - name: too-late-here
    disposition: too_late
    texts: [已撤单]
`))
	require.NoError(t, err)
	for text, want := range map[string]dictionary.Disposition{
		"旺店通WMS返回：单据【SO-1】已撤单！": dictionary.AlreadyCancelled, "电子面单[SO-1]已撤单": dictionary.TooLate,
		"单据[SO-2]已撤单": dictionary.TooLate,
		"单据已召回":       dictionary.AlreadyCancelled, "单据已召回退货": dictionary.Rejected,
	} {
		answer := failure(text)
		answer.Order.Code = "SO-1"
		require.Equal(t, want, words.Classify(answer).Disposition, text)
	}
}

// FuzzClassify holds the matcher to the flag: whatever the words, a failure is never cancelled, what no entry knows is
// provisional or rejected by the flag alone, and the same answer means the same again.
func FuzzClassify(f *testing.F) {
	words, err := dictionary.Default()
	require.NoError(f, err)
	f.Add(true, "0", "取消成功", "SO-1")
	f.Add(false, "sign-check-failure", "单据 ZZCX 不存在", "ZZCX")
	f.Add(false, "", "\xff\u3000（）", "（")
	f.Fuzz(func(t *testing.T, success bool, code, text, orderCode string) {
		answer := dictionary.Answer{
			Success: success, Codes: []string{code},
			Texts: []string{text}, Order: dictionary.Order{Code: orderCode, Type: "QTRK"},
		}
		meaning := words.Classify(answer)
		require.Equal(t, meaning, words.Classify(answer))
		if !success {
			require.NotEqual(t, dictionary.Cancelled, meaning.Disposition)
		}
		if meaning.Entry == "" {
			require.Equal(t, success && text == "", meaning.Recognised)
			require.Equal(t, success && text == "", meaning.Disposition == dictionary.Cancelled)
			require.Equal(t, success && text != "", meaning.Provisional)
		}
		require.Zero(t, meaning.RetryAfter, "no embedded entry names a pause")
	})
}
