package rowscan

import (
	"errors"
	"io"
)

var (
	// ErrSyntax is a body that is not JSON.
	ErrSyntax = errors.New("the rows are no JSON")
	// ErrCut is a body that ends before its time.
	ErrCut = errors.New("the rows were cut")
	// ErrNotRows is JSON whose elements are no rows.
	ErrNotRows = errors.New("the rows are no arrays")
)

const (
	// window is how much of a large body is looked at together; it begins with firstWindow, because most bodies are
	// small. A row that is larger makes it grow.
	firstWindow = 4 << 10
	window      = 64 << 10
	// firstSlab and slab are how many rows share one allocation for their cells.
	firstSlab = 4
	slab      = 64
)

// Scanner reads rows one by one. It must not be copied or shared.
type Scanner struct {
	from io.Reader
	err  error

	buffer []byte // what is read from
	kept   int    // bytes at the buffer's front that belong to a row not read yet
	ended  bool   // from has no more
	window string // the buffer's content; cells are parts of it
	at     int
	opened bool
	first  bool
	slab   []Cell
	rows   int // that the next slab is for
	cells  int // of the longest row so far
}

// New reads rows from a body that begins with white space or the outer bracket. The size of the body is the
// caller's to limit.
func New(from io.Reader) *Scanner {
	return &Scanner{from: from, buffer: make([]byte, firstWindow), first: true, rows: firstSlab}
}

// Next answers the next row, or io.EOF after the last one once the body was seen to end well. Its other errors are
// ErrSyntax, ErrCut, ErrNotRows and whatever the reader said; after an error every further call answers the same. A
// null in a row's place is a row without cells.
func (s *Scanner) Next() ([]Cell, error) {
	for s.err == nil {
		row, end, err := s.element()
		if err == nil {
			s.at = end
			return row, nil
		}
		if err != errMore { //nolint:errorlint // never wrapped, and this is the inner loop
			s.err = err
			break
		}
		s.err = s.more()
	}
	return nil, s.err
}

// All reads every row. On an error there are none.
func All(from io.Reader) ([][]Cell, error) {
	s := New(from)
	rows := [][]Cell{}
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

// errMore says that the window ends inside what is being read.
var errMore = errors.New("more")

// more moves the window on, keeping what was not read yet.
func (s *Scanner) more() error {
	if s.ended {
		return ErrCut
	}
	if s.window != "" {
		s.kept = copy(s.buffer, s.window[s.at:])
	}
	if s.kept == len(s.buffer) || len(s.buffer) < window && s.opened {
		s.buffer = append(s.buffer, make([]byte, len(s.buffer))...)
	}
	n := s.kept
	for empty := 0; n < len(s.buffer) && !s.ended; {
		got, err := s.from.Read(s.buffer[n:])
		n += got
		switch {
		case errors.Is(err, io.EOF):
			s.ended = true
		case err != nil:
			return err // io.ErrUnexpectedEOF too: that is a connection cut, not a body
		case got > 0:
			empty = 0
		default:
			if empty++; empty == 100 {
				return io.ErrNoProgress
			}
		}
	}
	s.window, s.at = string(s.buffer[:n]), 0
	return nil
}

// element reads the brackets and commas around a row, and the row. It changes nothing when the window ends too soon.
func (s *Scanner) element() (row []Cell, end int, err error) {
	i := s.at
	if !s.opened {
		if i, err = s.expect(i, '['); err != nil {
			return nil, 0, err
		}
		s.opened, s.at = true, i
	}
	if i = blank(s.window, i); i == len(s.window) {
		return nil, 0, errMore
	}
	if s.window[i] == ']' {
		return nil, 0, s.close(i + 1)
	}
	if !s.first {
		if i, err = s.expect(i, ','); err != nil {
			return nil, 0, err
		}
		if i = blank(s.window, i); i == len(s.window) {
			return nil, 0, errMore
		}
	}
	switch s.window[i] {
	case '[':
		row, end, err = s.row(i + 1)
	case 'n':
		end, err = literal(s.window, i, "null")
	case '"', '{', 't', 'f', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		err = ErrNotRows
	default:
		err = ErrSyntax
	}
	if err != nil {
		return nil, 0, err
	}
	s.first = false
	return row, end, nil
}

// close looks at what follows the last bracket: nothing but white space until the reader's end.
func (s *Scanner) close(i int) error {
	if blank(s.window, i) != len(s.window) {
		return ErrSyntax
	}
	if s.ended {
		return io.EOF
	}
	return errMore
}

func (s *Scanner) expect(i int, want byte) (int, error) {
	if i = blank(s.window, i); i == len(s.window) {
		return 0, errMore
	}
	if s.window[i] != want {
		return 0, ErrSyntax
	}
	return i + 1, nil
}

// row reads cells up to the closing bracket, into the slab.
func (s *Scanner) row(i int) ([]Cell, int, error) {
	if cap(s.slab)-len(s.slab) < s.cells {
		s.slab = make([]Cell, 0, s.cells*s.rows)
		s.rows = min(2*s.rows, slab)
	}
	row := s.slab[len(s.slab):len(s.slab):cap(s.slab)]
	if i = blank(s.window, i); i < len(s.window) && s.window[i] == ']' {
		return row[:0:0], i + 1, nil
	}
	for {
		if i = blank(s.window, i); i == len(s.window) {
			return nil, 0, errMore
		}
		cell, end, err := value(s.window, i)
		if err != nil {
			return nil, 0, err
		}
		row = append(row, cell)
		if i = blank(s.window, end); i == len(s.window) {
			return nil, 0, errMore
		}
		switch s.window[i] {
		case ',':
			i++
		case ']':
			if len(row) <= cap(s.slab)-len(s.slab) {
				s.slab = s.slab[:len(s.slab)+len(row)]
			}
			s.cells = max(s.cells, len(row))
			return row[:len(row):len(row)], i + 1, nil
		default:
			return nil, 0, ErrSyntax
		}
	}
}
