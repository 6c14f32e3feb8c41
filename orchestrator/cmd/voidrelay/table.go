package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/voidrelay/voidrelay/internal/visible"
)

// table prints columns of Chinese and Latin text. A row with one cell only is a remark below the row before.
type table struct {
	head []string
	rows [][]string
}

func newTable(head ...string) *table { return &table{head: head} }

// newTable is a table whose head is in the language that the locale asks for. Cells may be texts of others, and stay.
func (sh *shell) newTable(head ...string) *table {
	t := &table{}
	for _, cell := range head {
		t.head = append(t.head, sh.words(cell))
	}
	return t
}

func (t *table) row(cells ...string) {
	shown := make([]string, len(cells))
	for i, cell := range cells {
		shown[i] = visible.Text(cell)
	}
	t.rows = append(t.rows, shown)
}

func (t *table) remark(text string) { t.rows = append(t.rows, []string{visible.Text(text)}) }

func (t *table) print(out io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		if len(row) == 1 && len(t.head) > 1 {
			continue
		}
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	line := func(cells []string) {
		var b strings.Builder
		for i, cell := range cells {
			b.WriteString(pad(cell, widths[i]+2))
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
	line(t.head)
	rule := make([]string, len(t.head))
	for i, w := range widths {
		rule[i] = strings.Repeat("-", min(w, 100))
	}
	line(rule)
	for _, row := range t.rows {
		if len(row) == 1 && len(t.head) > 1 {
			fmt.Fprintln(out, "    └ "+row[0])
			continue
		}
		line(row)
	}
}
