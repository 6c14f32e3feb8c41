// Package filter reads and evaluates the SQL-like FilterString of Kingdee's
// ExecuteBillQuery: comparisons, and, or, not, parentheses, in, like, is null.
//
// It owns the language: tokens, grammar, three-valued logic and the conversions
// between text literals and columns. It knows nothing of bills: the caller says
// which keys exist and how to read them from a row. What it does not know it
// refuses with a *SyntaxError or a *TypeError; it never guesses.
//
// The operators and the accepted date texts are those that occur in the public
// documents and clients of the Kingdee WebAPI, for example
// vip.kingdee.com/knowledge/650355755563987456 and
// github.com/qeasy-cloud/datahub (docs/connectors/erp/kingdee-cloud-galaxy.md).
package filter

import (
	"cmp"
	"math/big"
	"strings"
	"time"
)

// Kind is the type of a column or of a value.
type Kind uint8

// The kinds. Null is the kind of an absent value, never of a column.
const (
	Null Kind = iota
	Int
	Decimal
	Text
	Time
	Bool
)

// Value is one cell or literal. Int carries Int and Bool (0 or 1), Text carries
// Text and Decimal (plain decimal notation), Time carries Time.
type Value struct {
	Kind Kind
	Int  int64
	Text string
	Time time.Time
}

// IntValue is an integer.
func IntValue(n int64) Value { return Value{Kind: Int, Int: n} }

// DecimalValue is an exact number in plain decimal notation, such as "52.5".
func DecimalValue(text string) Value { return Value{Kind: Decimal, Text: text} }

// TextValue is a text, which may be empty but is not null.
func TextValue(text string) Value { return Value{Kind: Text, Text: text} }

// TimeValue is a moment; the zero time is null.
func TimeValue(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	return Value{Kind: Time, Time: t}
}

// BoolValue is a flag.
func BoolValue(b bool) Value {
	if b {
		return Value{Kind: Bool, Int: 1}
	}
	return Value{Kind: Bool}
}

// Compare orders two values of comparable kinds; null sorts first, as SQL Server
// sorts it. Texts are compared without trailing blanks.
func Compare(a, b Value) int {
	if a.Kind == Null || b.Kind == Null {
		return cmp.Compare(min(a.Kind, 1), min(b.Kind, 1))
	}
	switch {
	case a.Kind == Time && b.Kind == Time:
		return a.Time.Compare(b.Time)
	case a.Kind == Text && b.Kind == Text:
		return strings.Compare(strings.TrimRight(a.Text, " "), strings.TrimRight(b.Text, " "))
	case whole(a) && whole(b):
		return cmp.Compare(a.Int, b.Int)
	default:
		return compareNumbers(a, b)
	}
}

func whole(v Value) bool { return v.Kind == Int || v.Kind == Bool }

func compareNumbers(a, b Value) int {
	left, okLeft := rat(a)
	right, okRight := rat(b)
	if !okLeft || !okRight {
		return strings.Compare(a.Text, b.Text)
	}
	return left.Cmp(right)
}

func rat(v Value) (*big.Rat, bool) {
	if whole(v) {
		return new(big.Rat).SetInt64(v.Int), true
	}
	if !isDecimal(v.Text) {
		return nil, false
	}
	return new(big.Rat).SetString(v.Text)
}

// isDecimal accepts an optional minus, digits, and an optional fraction; no
// exponent, so that a short text cannot stand for a huge number.
func isDecimal(text string) bool {
	text = strings.TrimPrefix(text, "-")
	before, after, hasFraction := strings.Cut(text, ".")
	if hasFraction && after == "" {
		return false
	}
	return before != "" && allDigits(before) && allDigits(after)
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
