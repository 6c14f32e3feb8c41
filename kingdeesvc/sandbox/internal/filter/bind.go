package filter

import (
	"time"
)

// Column is how a key is read from a row. Get returns a value of Kind, or null.
type Column[R any] struct {
	Kind Kind
	Get  func(R) Value
}

// Schema resolves the keys of a filter and fixes its conversions.
type Schema[R any] struct {
	// Column finds a key; its error (unknown key) is returned by Bind as it is.
	Column func(key string) (Column[R], error)
	// Zone is the zone in which date texts are read.
	Zone *time.Location
}

// Bind turns a condition into a predicate over rows. A row is kept only when
// the condition is true; unknown, which is what comparing with null gives, is not.
func Bind[R any](n Node, s Schema[R]) (func(R) bool, error) {
	eval, err := s.bind(n)
	if err != nil {
		return nil, err
	}
	return func(r R) bool { return eval(r) == yes }, nil
}

// truth is SQL's three-valued logic; the order makes and = min, or = max.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

type predicate[R any] func(R) truth

func (s Schema[R]) bind(n Node) (predicate[R], error) {
	switch n := n.(type) {
	case And:
		return s.fold(n.Terms, yes, no)
	case Or:
		return s.fold(n.Terms, no, yes)
	case Not:
		term, err := s.bind(n.Term)
		return func(r R) truth { return yes - term(r) }, err
	case Comparison:
		return s.comparison(n)
	case In:
		return s.in(n)
	case Like:
		return s.like(n)
	case IsNull:
		get, _, err := s.operand(n.Operand)
		return func(r R) truth { return truthOf(get(r).Kind == Null) }, err
	default:
		return func(R) truth { return yes }, nil
	}
}

// fold joins terms, from the neutral truth on, until the decisive one is met.
func (s Schema[R]) fold(nodes []Node, neutral, decisive truth) (predicate[R], error) {
	terms := make([]predicate[R], len(nodes))
	for i, n := range nodes {
		term, err := s.bind(n)
		if err != nil {
			return nil, err
		}
		terms[i] = term
	}
	return func(r R) truth {
		sum := neutral
		for _, term := range terms {
			switch t := term(r); t {
			case decisive:
				return decisive
			case unknown:
				sum = unknown
			}
		}
		return sum
	}, nil
}

func (s Schema[R]) operand(o Operand) (func(R) Value, Kind, error) {
	if o.Key == "" {
		return func(R) Value { return o.Literal }, o.Literal.Kind, nil
	}
	c, err := s.Column(o.Key)
	return c.Get, c.Kind, err
}

func (s Schema[R]) comparison(n Comparison) (predicate[R], error) {
	holds := comparisonHolds(n.Op)
	left, leftKind, err := s.operand(n.Left)
	if err != nil {
		return nil, err
	}
	right, rightKind, err := s.operand(n.Right)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Right.Key == "":
		lit, err := convert(n.Left.Key, n.Right.Literal, leftKind, s.Zone)
		if err != nil {
			return nil, err
		}
		right = func(R) Value { return lit }
	case n.Left.Key == "":
		lit, err := convert(n.Right.Key, n.Left.Literal, rightKind, s.Zone)
		if err != nil {
			return nil, err
		}
		left = func(R) Value { return lit }
	case !comparable(leftKind, rightKind):
		return nil, &TypeError{n.Left.Key, n.Right.Key, "column of the same type"}
	}
	return func(r R) truth {
		a, b := left(r), right(r)
		if a.Kind == Null || b.Kind == Null {
			return unknown
		}
		return truthOf(holds(Compare(a, b)))
	}, nil
}

func comparable(a, b Kind) bool {
	numeric := func(k Kind) bool { return k == Int || k == Decimal }
	return a == b || numeric(a) && numeric(b)
}

func comparisonHolds(op string) func(int) bool {
	switch op {
	case "=":
		return func(c int) bool { return c == 0 }
	case "<>":
		return func(c int) bool { return c != 0 }
	case ">":
		return func(c int) bool { return c > 0 }
	case ">=":
		return func(c int) bool { return c >= 0 }
	case "<":
		return func(c int) bool { return c < 0 }
	default:
		return func(c int) bool { return c <= 0 }
	}
}
