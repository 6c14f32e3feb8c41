package form

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// Level is the entity that a field belongs to.
type Level uint8

// The entities, from the bill down.
const (
	LevelHead Level = iota
	LevelLine
	levelComponent
)

// Row is one row of an answer: a bill, alone or with one of its product lines, or
// with one of those and one of its component lines.
type Row struct {
	Bill      *books.Bill
	Line      *books.Line
	Component *books.Component
}

// Field is one key that a query may name.
type Field struct {
	Key   string
	Level Level
	Kind  filter.Kind
	Get   func(Row) filter.Value
}

// FieldSet is the metadata of one form: its keys, with the tenant's own.
type FieldSet struct {
	// FormID is Kingdee's name for the form.
	FormID string

	base   Catalogue
	model  func(Catalogue, *books.Bill) map[string]any
	mu     sync.RWMutex
	strict map[string]Field // by published spelling
	loose  map[string]Field // by lower case
}

// description is what a form's file says of it.
type description struct {
	id     string
	fields func(Catalogue) []Field
	// model is a bill as View shows it.
	model func(Catalogue, *books.Bill) map[string]any
}

func newFieldSet(d description, c Catalogue, custom []books.CustomField) *FieldSet {
	set := &FieldSet{
		FormID: d.id, base: c, model: d.model, strict: map[string]Field{}, loose: map[string]Field{},
	}
	set.add(d.fields(c)...)
	set.add(customField(books.CustomField{Key: "F_PAEZ_PUSHED", Bool: true}))
	set.add(customField(books.CustomField{Key: "F_PAEZ_REMARK", Line: true}))
	for _, f := range custom {
		set.add(customField(f))
	}
	return set
}

// Model is a bill of the form in the object model's words, as View shows it.
func (s *FieldSet) Model(b *books.Bill) map[string]any { return s.model(s.base, b) }

func (s *FieldSet) add(fields ...Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range fields {
		s.strict[f.Key] = f
		s.loose[strings.ToLower(f.Key)] = f
	}
}

// unknownFieldError is the vendor's answer to a key that the form does not have.
type unknownFieldError struct{ key string }

func (e *unknownFieldError) Error() string {
	return fmt.Sprintf("元数据中标识为%s的字段不存在", e.key)
}

// Find gives the field of a key as this server knows it; the error is in the vendor's words.
func (s *FieldSet) Find(key string, p behaviour.Personality) (Field, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	published := p.Published(s.FormID, key)
	f, ok := s.strict[published]
	if !ok && !p.StrictKeyCase {
		f, ok = s.loose[strings.ToLower(published)]
	}
	if !ok || p.Lacks(s.FormID, f.Key) {
		return Field{}, &unknownFieldError{key}
	}
	return f, nil
}

// learn makes custom fields of the extra keys of a bill, as text.
func (s *FieldSet) learn(b *books.Bill) {
	for key := range b.Extra {
		s.learnKey(books.CustomField{Key: key})
	}
	for i := range b.Lines {
		for key := range b.Lines[i].Extra {
			s.learnKey(books.CustomField{Key: key, Line: true})
		}
	}
}

func (s *FieldSet) learnKey(c books.CustomField) {
	if _, err := s.Find(c.Key, behaviour.Personality{}); err != nil {
		s.add(customField(c))
	}
}

func customField(c books.CustomField) Field {
	f := Field{Key: c.Key, Kind: filter.Text}
	value := func(extra map[string]string) filter.Value { return filter.TextValue(extra[c.Key]) }
	if c.Bool {
		f.Kind = filter.Bool
		value = func(extra map[string]string) filter.Value {
			return filter.BoolValue(extra[c.Key] == "true" || extra[c.Key] == "1")
		}
	}
	f.Get = func(r Row) filter.Value { return value(r.Bill.Extra) }
	if c.Line {
		f.Level = LevelLine
		f.Get = ofLine(func(l *books.Line) filter.Value { return value(l.Extra) })
	}
	return f
}

// ofLine and ofComponent read null from a row that has no such line.
func ofLine(get func(*books.Line) filter.Value) func(Row) filter.Value {
	return func(r Row) filter.Value {
		if r.Line == nil {
			return filter.Value{}
		}
		return get(r.Line)
	}
}

func ofComponent(get func(*books.Component) filter.Value) func(Row) filter.Value {
	return func(r Row) filter.Value {
		if r.Component == nil {
			return filter.Value{}
		}
		return get(r.Component)
	}
}

// entity builds the fields of one level; T is *Bill, *Goods or *Line.
type entity[T any] struct {
	level Level
	read  func(func(T) filter.Value) func(Row) filter.Value
}

// head reads the bill, lineGoods what a line of the first entity says as a component does.
func head() entity[*books.Bill] {
	return entity[*books.Bill]{LevelHead, func(get func(*books.Bill) filter.Value) func(Row) filter.Value {
		return func(r Row) filter.Value { return get(r.Bill) }
	}}
}

func lineGoods() entity[*books.Goods] {
	return entity[*books.Goods]{LevelLine, func(get func(*books.Goods) filter.Value) func(Row) filter.Value {
		return ofLine(func(l *books.Line) filter.Value { return get(&l.Goods) })
	}}
}

func (e entity[T]) field(key string, kind filter.Kind, get func(T) filter.Value) Field {
	return Field{Key: key, Level: e.level, Kind: kind, Get: e.read(get)}
}

func (e entity[T]) text(key string, get func(T) string) Field {
	return e.field(key, filter.Text, func(t T) filter.Value { return filter.TextValue(get(t)) })
}

func (e entity[T]) date(key string, get func(T) time.Time) Field {
	return e.field(key, filter.Time, func(t T) filter.Value { return filter.TimeValue(get(t)) })
}

// decimal reads an empty text as 0, which is what the vendor stores.
func (e entity[T]) decimal(key string, get func(T) string) Field {
	return e.field(key, filter.Decimal, func(t T) filter.Value {
		if text := get(t); text != "" {
			return filter.DecimalValue(text)
		}
		return filter.DecimalValue("0")
	})
}

// base gives the keys of one reference to base data: the raw id (0 when unset),
// and its number and name.
func (e entity[T]) base(key string, get func(T) Base) []Field {
	return []Field{
		e.field(key, filter.Int, func(t T) filter.Value { return filter.IntValue(get(t).ID) }),
		e.part(key+".FNumber", get, func(b Base) string { return b.Number }),
		e.part(key+".FName", get, func(b Base) string { return b.Name }),
	}
}

// part is a property of base data, null when the reference is unset.
func (e entity[T]) part(key string, get func(T) Base, pick func(Base) string) Field {
	return e.field(key, filter.Text, func(t T) filter.Value {
		if b := get(t); b.Number != "" {
			return filter.TextValue(pick(b))
		}
		return filter.Value{}
	})
}
