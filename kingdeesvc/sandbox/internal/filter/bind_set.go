package filter

import "strings"

// in binds a list: integers and texts by map, whatever else one by one.
func (s Schema[R]) in(n In) (predicate[R], error) {
	get, kind, err := s.operand(n.Operand)
	if err != nil {
		return nil, err
	}
	list, err := s.convertList(n, kind)
	if err != nil {
		return nil, err
	}
	member := list.member(kind)
	return func(r R) truth {
		v := get(r)
		switch {
		case v.Kind == Null:
			return unknown
		case member(v):
			return yes
		case list.hasNull:
			return unknown
		default:
			return no
		}
	}, nil
}

type valueList struct {
	values  []Value
	hasNull bool
}

func (s Schema[R]) convertList(n In, kind Kind) (valueList, error) {
	var list valueList
	for _, v := range n.List {
		v, err := convert(n.Operand.Key, v, kind, s.Zone)
		if err != nil {
			return list, err
		}
		if v.Kind == Null {
			list.hasNull = true
			continue
		}
		list.values = append(list.values, v)
	}
	return list, nil
}

func (l valueList) member(kind Kind) func(Value) bool {
	switch kind {
	case Int:
		set := make(map[int64]bool, len(l.values))
		for _, v := range l.values {
			if whole(v) {
				set[v.Int] = true
			}
		}
		return func(v Value) bool { return set[v.Int] }
	case Text:
		set := make(map[string]bool, len(l.values))
		for _, v := range l.values {
			set[strings.TrimRight(v.Text, " ")] = true
		}
		return func(v Value) bool { return set[strings.TrimRight(v.Text, " ")] }
	default:
		return func(v Value) bool {
			for _, m := range l.values {
				if Compare(v, m) == 0 {
					return true
				}
			}
			return false
		}
	}
}

func (s Schema[R]) like(n Like) (predicate[R], error) {
	get, kind, err := s.operand(n.Operand)
	if err != nil {
		return nil, err
	}
	if kind == Time {
		return nil, &TypeError{n.Operand.Key, n.Pattern, "date"}
	}
	pattern := []rune(n.Pattern)
	return func(r R) truth {
		v := get(r)
		if v.Kind == Null {
			return unknown
		}
		return truthOf(like([]rune(display(v)), pattern))
	}, nil
}
