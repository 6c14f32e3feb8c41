package kingdee

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// classifyBytes takes a whole body the way transport does.
func classifyBytes(status int, body []byte) (answer, *Fault) {
	got, err := receive(status, iotest.HalfReader(bytes.NewReader(body)))
	if err != nil {
		return answer{}, unreadable(0, status, err.Error())
	}
	return classify(status, got)
}

func TestRowsAreDecodedAsTheyArriveAndFailuresAreKept(t *testing.T) {
	for body, rows := range map[string]int{
		`[[1,"a"],[2,"b"]]`: 2, "\ufeff [ [1] ] ": 1, `[[]]`: 1, `[[null,{"Result":{}}]]`: 1,
		`[[{"Result":{}}]]`: -1, `[ [ {"Result":{}},null]]`: -1, `[{"Result":{}}]`: -1, `{}`: -1, `"[[1]]"`: -1,
		`[]`: -1, `[null]`: -1, `[[[1]]]`: -1, `<html>`: -1, ``: -1,
		strings.Repeat(" ", 600) + `[[1]]`: -1,
	} {
		got, err := receive(http.StatusOK, strings.NewReader(body))
		require.NoError(t, err)
		require.Nil(t, got.fault)
		if rows < 0 {
			require.Equal(t, body, string(got.raw), "kept for classify")
			require.Nil(t, got.rows)
			continue
		}
		require.Len(t, got.rows, rows, body)
	}
	got, err := receive(http.StatusBadGateway, strings.NewReader(`[[1]]`))
	require.NoError(t, err)
	require.NotEmpty(t, got.raw, "the status decides before the body")
}

func TestAPageThatIsCutOrSpoiledIsUnreadableAndGivesNoRows(t *testing.T) {
	whole := `[` + strings.TrimSuffix(strings.Repeat(`[1,"A",null],`, 5000), ",") + `]`
	for name, body := range map[string]string{
		"cut between rows": whole[:len(whole)/26*13+1], "cut inside a row": whole[:len(whole)/2+3],
		"cut before the end":    whole[:len(whole)-1],
		"spoiled in the middle": whole[:len(whole)/2] + `{` + whole[len(whole)/2:], "more behind it": whole + whole,
	} {
		got, fault := classifyBytes(http.StatusOK, []byte(body))
		require.NotNil(t, fault, name)
		require.Equal(t, Unreadable, fault.Class, name)
		require.Equal(t, Shape(14), fault.Shape, name)
		require.Empty(t, got.rows, name)
	}
}

func TestAConnectionCutInsideAPageIsTheNetworksFault(t *testing.T) {
	for _, broken := range []error{errors.New("reset"), io.ErrUnexpectedEOF} {
		_, err := receive(http.StatusOK, io.MultiReader(strings.NewReader(`[[1,"A"],`), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken)
	}
}

func TestAnAnswerLargerThanTheBoundIsRefused(t *testing.T) {
	for _, head := range []string{`[[1,"`, `{"a":"`} {
		got, err := receive(http.StatusOK, io.MultiReader(strings.NewReader(head), endless{}))
		require.NoError(t, err)
		require.Contains(t, got.fault.Error(), "more than 64 MiB")
	}
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
