package sandbox

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// level is the entity that a field belongs to.
type level uint8

const (
	levelHead level = iota
	levelLine
	levelComponent
)

// row is one row of an answer: a bill, alone or with one of its product lines, or
// with one of those and one of its component lines.
type row struct {
	bill      *Bill
	line      *Line
	component *Component
}

// field is one key that a query may name.
type field struct {
	key   string
	level level
	kind  filter.Kind
	get   func(row) filter.Value
}

// fieldSet is the metadata of the form: its keys, with the tenant's own.
type fieldSet struct {
	mu     sync.RWMutex
	strict map[string]field // by published spelling
	loose  map[string]field // by lower case
}

func newFieldSet(c catalogue, custom []CustomField) *fieldSet {
	set := &fieldSet{strict: map[string]field{}, loose: map[string]field{}}
	set.add(headFields(c)...)
	set.add(lineFields(c)...)
	set.add(componentFields(c)...)
	set.add(customField(CustomField{Key: "F_PAEZ_PUSHED", Bool: true}))
	set.add(customField(CustomField{Key: "F_PAEZ_REMARK", Line: true}))
	for _, f := range custom {
		set.add(customField(f))
	}
	return set
}

func (s *fieldSet) add(fields ...field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range fields {
		s.strict[f.key] = f
		s.loose[strings.ToLower(f.key)] = f
	}
}

// unknownFieldError is the vendor's answer to a key that the form does not have.
type unknownFieldError struct{ key string }

func (e *unknownFieldError) Error() string {
	return fmt.Sprintf("元数据中标识为%s的字段不存在", e.key)
}

func (s *fieldSet) find(key string, p Personality) (field, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f, ok := s.strict[key]
	if !ok && !p.StrictKeyCase {
		f, ok = s.loose[strings.ToLower(key)]
	}
	if !ok || p.lacks(f.key) {
		return field{}, &unknownFieldError{key}
	}
	return f, nil
}

// learn makes custom fields of the extra keys of a bill, as text.
func (s *fieldSet) learn(b *Bill) {
	for key := range b.Extra {
		s.learnKey(CustomField{Key: key})
	}
	for i := range b.Lines {
		for key := range b.Lines[i].Extra {
			s.learnKey(CustomField{Key: key, Line: true})
		}
	}
}

func (s *fieldSet) learnKey(c CustomField) {
	if _, err := s.find(c.Key, Personality{}); err != nil {
		s.add(customField(c))
	}
}

func customField(c CustomField) field {
	f := field{key: c.Key, kind: filter.Text}
	value := func(extra map[string]string) filter.Value { return filter.TextValue(extra[c.Key]) }
	if c.Bool {
		f.kind = filter.Bool
		value = func(extra map[string]string) filter.Value {
			return filter.BoolValue(extra[c.Key] == "true" || extra[c.Key] == "1")
		}
	}
	f.get = func(r row) filter.Value { return value(r.bill.Extra) }
	if c.Line {
		f.level = levelLine
		f.get = ofLine(func(l *Line) filter.Value { return value(l.Extra) })
	}
	return f
}

// ofLine and ofComponent read null from a row that has no such line.
func ofLine(get func(*Line) filter.Value) func(row) filter.Value {
	return func(r row) filter.Value {
		if r.line == nil {
			return filter.Value{}
		}
		return get(r.line)
	}
}

func ofComponent(get func(*Component) filter.Value) func(row) filter.Value {
	return func(r row) filter.Value {
		if r.component == nil {
			return filter.Value{}
		}
		return get(r.component)
	}
}

// entity builds the fields of one level; T is *Bill, *Goods or *Line.
type entity[T any] struct {
	level level
	read  func(func(T) filter.Value) func(row) filter.Value
}

func (e entity[T]) field(key string, kind filter.Kind, get func(T) filter.Value) field {
	return field{key: key, level: e.level, kind: kind, get: e.read(get)}
}

func (e entity[T]) text(key string, get func(T) string) field {
	return e.field(key, filter.Text, func(t T) filter.Value { return filter.TextValue(get(t)) })
}

func (e entity[T]) date(key string, get func(T) time.Time) field {
	return e.field(key, filter.Time, func(t T) filter.Value { return filter.TimeValue(get(t)) })
}

// decimal reads an empty text as 0, which is what the vendor stores.
func (e entity[T]) decimal(key string, get func(T) string) field {
	return e.field(key, filter.Decimal, func(t T) filter.Value {
		if text := get(t); text != "" {
			return filter.DecimalValue(text)
		}
		return filter.DecimalValue("0")
	})
}

// base gives the keys of one reference to base data: the raw id (0 when unset),
// and its number and name.
func (e entity[T]) base(key string, get func(T) base) []field {
	return []field{
		e.field(key, filter.Int, func(t T) filter.Value { return filter.IntValue(get(t).ID) }),
		e.part(key+".FNumber", get, func(b base) string { return b.Number }),
		e.part(key+".FName", get, func(b base) string { return b.Name }),
	}
}

// part is a property of base data, null when the reference is unset.
func (e entity[T]) part(key string, get func(T) base, pick func(base) string) field {
	return e.field(key, filter.Text, func(t T) filter.Value {
		if b := get(t); b.Number != "" {
			return filter.TextValue(pick(b))
		}
		return filter.Value{}
	})
}
