package scheme

import (
	"fmt"
	"strings"
)

// Problem is one fault of a scheme file.
type Problem struct {
	// File as it was named to Load; Line and Column count from 1 and are 0 where the fault has no place in the file.
	File         string
	Line, Column int
	// Scheme is the name of the scheme at fault, empty outside any.
	Scheme string
	// Key is the dotted path inside the scheme, such as orders.Assembly.in.order_code.
	Key string
	// Message says what is wrong and what would be right.
	Message string
}

func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Scheme != "" {
		fmt.Fprintf(&b, "scheme %s: ", p.Scheme)
	}
	if p.Key != "" {
		fmt.Fprintf(&b, "%s: ", p.Key)
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems are all faults of a scheme file, in the order of their lines. Load returns it as its error.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}
