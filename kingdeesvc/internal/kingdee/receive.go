package kingdee

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rowscan"
)

// Kind is what a cell of a row is made of.
type Kind = rowscan.Kind

// The kinds, as package rowscan knows them.
const (
	Null   = rowscan.Null
	Text   = rowscan.Text
	Number = rowscan.Number
	Bool   = rowscan.Bool
	Other  = rowscan.Other
	Unfit  = rowscan.Unfit
)

// Cell is one value of a row, as package rowscan reads it.
type Cell = rowscan.Cell

// received is the body of an answer: rows where its first bytes promised rows, else as it came, for classify.
type received struct {
	raw   []byte
	rows  [][]Cell
	fault *Fault
}

// headBytes are enough to see what an answer begins with.
const headBytes = 512

// receive reads a body to its end. Rows are decoded as they arrive; what may be a failure in any of its shapes is kept
// for classify. Its error is the reader's.
func receive(status int, body io.Reader) (received, error) {
	limited := &io.LimitedReader{R: body, N: maxBody + 1}
	reader := bufio.NewReaderSize(limited, headBytes)
	head, err := reader.Peek(headBytes)
	if errors.Is(err, gzip.ErrHeader) {
		return received{}, nil // said to be packed and is not: it came, and says nothing
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return received{}, err
	}
	skip, rows := beginsRows(head)
	if !rows || !succeeded(status) {
		raw, err := io.ReadAll(reader)
		if limited.N <= 0 {
			return received{fault: tooLarge(status)}, nil
		}
		return received{raw: raw}, err
	}
	_, _ = reader.Discard(skip) // it was peeked
	page, err := rowscan.All(reader)
	switch {
	case limited.N <= 0:
		return received{fault: tooLarge(status)}, nil
	case badRows(status, err) != nil:
		return received{fault: badRows(status, err)}, nil
	}
	return received{rows: page}, err
}

// beginsRows says whether a body begins like a page whose first row has a scalar in its first cell, or none: the one
// shape that no failure has. skip is what stands before it.
func beginsRows(head []byte) (skip int, rows bool) {
	body := trimBody(head)
	first, ok := after(body, '[')
	if !ok {
		return 0, false
	}
	cell, ok := after(first, '[')
	return len(head) - len(body), ok && len(cell) > 0 && cell[0] != '{' && cell[0] != '['
}

// after is what follows a bracket and the blanks behind it.
func after(body []byte, bracket byte) ([]byte, bool) {
	if len(body) == 0 || body[0] != bracket {
		return nil, false
	}
	return bytes.TrimLeft(body[1:], " \t\r\n"), true
}

func trimBody(body []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
}

// badRows is rows that were cut (F14), or that are none; nil where err says something else. What only begins like rows,
// such as [[Session lost]], was not cut.
func badRows(status int, err error) *Fault {
	switch {
	case errors.Is(err, rowscan.ErrCut):
		return broken(14, status, "cut answer")
	case errors.Is(err, rowscan.ErrSyntax):
		return unreadable(14, status, "neither rows nor an object, though it begins like rows")
	case errors.Is(err, rowscan.ErrNotRows):
		return unreadable(0, status, "the answer's rows are no arrays")
	}
	return nil
}

func tooLarge(status int) *Fault {
	return broken(0, status, fmt.Sprintf("an answer of more than %d MiB", maxBody>>20))
}
