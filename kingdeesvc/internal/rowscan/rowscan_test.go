package rowscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestEveryKindOfCell(t *testing.T) {
	rows, err := All(strings.NewReader(" [ [ 1 , -0.50,1E+05,\"a\",\"中\\u6587\\n\\\"\",\"\",true,false , null ],\n" +
		"[],null,[{\"a\":[\"]\"]},[1]] ] \r\n"))
	require.NoError(t, err)
	require.Equal(t, [][]Cell{
		{
			{Number, "1"}, {Number, "-0.50"}, {Number, "1E+05"}, {Text, "a"}, {Text, "中文\n\""}, {Text, ""},
			{Bool, "true"}, {Bool, "false"}, {},
		},
		{}, nil, {{Other, `{"a":["]"]}`}, {Other, "[1]"}},
	}, rows)
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	for _, digits := range []string{
		"0", "-0", "1.0000000000", "12345678901234567890.12345678901234567890", "1e400", "52.50", "0.10",
	} {
		rows, err := All(strings.NewReader("[[" + digits + "]]"))
		require.NoError(t, err)
		require.Equal(t, Cell{Number, digits}, rows[0][0])
	}
}

func TestBodiesThatAreNoRows(t *testing.T) {
	for body, want := range map[string]error{
		"": ErrCut, " ": ErrCut, "{": ErrSyntax, "[": ErrCut, "[[": ErrCut, "[[1": ErrCut,
		"[[1,": ErrCut, "[[1]": ErrCut,
		"[[1],": ErrCut, "[[1],]": ErrSyntax, "[,[1]]": ErrSyntax, "[[1,]]": ErrSyntax, "[[,1]]": ErrSyntax,
		"[[1][2]]": ErrSyntax, "[[1]]x": ErrSyntax,
		"[[1]]]": ErrSyntax, "[[01]]": ErrSyntax, "[[1.]]": ErrSyntax, "[[.5]]": ErrSyntax, "[[-]]": ErrSyntax,
		"[[1e]]": ErrSyntax, "[[+1]]": ErrSyntax,
		"[[\"a\nb\"]]": ErrSyntax, `[["\x"]]`: ErrSyntax, "[[nul]]": ErrSyntax, "[[tru": ErrCut, "[[truE]]": ErrSyntax,
		"[[{]}]]": ErrSyntax, `[["a]]`: ErrCut,
		"[1]": ErrNotRows, `["a"]`: ErrNotRows, "[[1],{}]": ErrNotRows, "[true]": ErrNotRows,
		"[nil]": ErrSyntax, "[x]": ErrSyntax,
	} {
		rows, err := All(strings.NewReader(body))
		require.ErrorIs(t, err, want, body)
		require.Nil(t, rows, "half a page is no page")
	}
}

func TestRowsLargerThanAWindowAndWindowsThatCutRows(t *testing.T) {
	var body bytes.Buffer
	var want []string
	body.WriteByte('[')
	for i := range 300 {
		text := strings.Repeat("字", i*17%2000) + fmt.Sprint(i)
		if i == 150 {
			text = strings.Repeat("x", 3*window)
		}
		want = append(want, text)
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, "[%d,%q]", i, text)
	}
	body.WriteByte(']')
	for name, reader := range map[string]io.Reader{
		"whole": bytes.NewReader(body.Bytes()), "by halves": iotest.HalfReader(bytes.NewReader(body.Bytes())),
		"the end with the data": iotest.DataErrReader(bytes.NewReader(body.Bytes())),
	} {
		rows, err := All(reader)
		require.NoError(t, err, name)
		require.Len(t, rows, len(want))
		for i, row := range rows {
			require.Equal(t, []Cell{{Number, fmt.Sprint(i)}, {Text, want[i]}}, row, name)
		}
	}
}

func TestAReadersErrorIsItsOwn(t *testing.T) {
	for _, broken := range []error{errors.New("connection reset"), io.ErrUnexpectedEOF} {
		s := New(io.MultiReader(strings.NewReader("[[1],[2"), iotest.ErrReader(broken)))
		_, err := s.Next()
		require.ErrorIs(t, err, broken, "what a window holds is read together")
		_, err = s.Next()
		require.ErrorIs(t, err, broken, "an error stays")
	}
}

// FuzzRows holds the decoder against encoding/json: both take a body or neither does, and read the same from it.
func FuzzRows(f *testing.F) {
	for _, body := range []string{
		`[[100234,"ZZCX000012","C","100","2024-05-11T00:00:00"],[100235,"中文",null,true,1.0000000000]]`,
		`[]`, ` [ ] `, `[[]]`, `[null]`, `[[1,-0.5e-3,"\u4e2d\ud83d\ude00","\/Date(1700000000000)\/"]]`,
		`[[{"Result":{"ResponseStatus":{"IsSuccess":false,"MsgCode":1}}},null]]`, `[[1],{}]`, `[["` + "\xff" + `"]]`,
		`[[1]`, `[[1]] x`, `[[[[]]],[{"a":"]"}]]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := All(iotest.HalfReader(bytes.NewReader(body)))
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want []any
		if !json.Valid(body) {
			if err == nil {
				t.Fatalf("%q is no JSON and was read", body)
			}
			return
		}
		if decodeErr := decoder.Decode(&want); decodeErr != nil || want == nil || !allRows(want) {
			if err == nil {
				t.Fatalf("%q is no page and was read", body)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if len(rows) != len(want) {
			t.Fatalf("%q: %d rows, want %d", body, len(rows), len(want))
		}
		for i, row := range rows {
			cells, _ := want[i].([]any)
			if len(cells) != len(row) {
				t.Fatalf("%q: row %d has %d cells, want %d", body, i, len(row), len(cells))
			}
			for j, cell := range row {
				if !same(cell, cells[j]) {
					t.Fatalf("%q: row %d cell %d is %v, want %v", body, i, j, cell, cells[j])
				}
			}
		}
	})
}

func allRows(rows []any) bool {
	for _, row := range rows {
		if _, ok := row.([]any); !ok && row != nil {
			return false
		}
	}
	return true
}

func same(cell Cell, want any) bool {
	switch want := want.(type) {
	case nil:
		return cell == Cell{}
	case bool:
		return cell == Cell{Bool, fmt.Sprint(want)}
	case string:
		return cell == Cell{Text, want}
	case json.Number:
		return cell == Cell{Number, want.String()}
	}
	return cell.Kind == Other && json.Valid([]byte(cell.Text))
}
