package filter

import (
	"math"
	"slices"
	"strings"
)

// Range is what a condition implies for one integer key: every row that can
// match has the key in [Min, Max] and, when Listed, among IDs. It is a superset
// of the answer, to save looking at rows; it never replaces the condition.
type Range struct {
	Min, Max int64
	Listed   bool
	IDs      []int64 // ascending, without repetition
}

// Narrow derives the range from the terms that must all hold.
func Narrow(n Node, key string) Range {
	r := Range{Min: math.MinInt64, Max: math.MaxInt64}
	narrow(n, key, &r)
	return r
}

func narrow(n Node, key string, r *Range) {
	switch n := n.(type) {
	case And:
		for _, term := range n.Terms {
			narrow(term, key, r)
		}
	case Comparison:
		if strings.EqualFold(n.Left.Key, key) && n.Right.Key == "" {
			r.bound(n.Op, n.Right.Literal)
		}
	case In:
		if strings.EqualFold(n.Operand.Key, key) && !r.Listed {
			r.list(n.List)
		}
	}
}

func (r *Range) bound(op string, lit Value) {
	v, err := toNumber("", lit)
	if err != nil || v.Kind != Int {
		return
	}
	switch op {
	case "=":
		r.Min, r.Max = max(r.Min, v.Int), min(r.Max, v.Int)
	case ">", ">=":
		r.Min = max(r.Min, v.Int)
	case "<", "<=":
		r.Max = min(r.Max, v.Int)
	}
}

func (r *Range) list(values []Value) {
	ids := make([]int64, 0, len(values))
	for _, lit := range values {
		v, err := toNumber("", lit)
		if err != nil {
			return
		}
		if v.Kind == Int {
			ids = append(ids, v.Int)
		}
	}
	slices.Sort(ids)
	r.Listed, r.IDs = true, slices.Compact(ids)
}
