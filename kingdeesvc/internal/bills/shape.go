package bills

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
)

// Names of columns that the engine itself speaks of.
const (
	nameID             = "id"
	nameNumber         = "number"
	nameDocumentStatus = "document_status"
	nameCancelStatus   = "cancel_status"
	nameCloseStatus    = "close_status"
	nameKind           = "kind"
	nameModifyTime     = "modify_time"
	nameCreateTime     = "create_time"
	nameApproveTime    = "approve_time"
	nameCancelTime     = "cancel_time"
	nameCloseTime      = "close_time"
	nameParentID       = "parent_id"
)

// everyForm are the columns of the head without which no bill can be known, told apart from an earlier version of
// itself, or found when it changes.
var everyForm = []string{
	nameID, nameNumber, nameDocumentStatus, nameCancelStatus,
	nameModifyTime, nameCreateTime, nameApproveTime, nameCancelTime,
}

// shape is a form as one request reads it: with the keys that hold for it, and without the columns that it does not ask
// for.
type shape struct {
	formID   string
	head     []column[bill]
	state    []column[state]
	entities []entity
	// key is Kingdee's key of each column of the head, by its name.
	key map[string]string
	// stamps are the keys of the values that tell two versions of a bill apart; an empty one is not asked for. edges
	// are those of the dates that a change moves. Which of them an audit, an un-audit, a void or a close moves is
	// documented for no form, so a change is looked for in all of them.
	stamps [stampCount]string
	edges  []string
	// needed are the keys without which bills are not read.
	needed map[string]bool
}

// entity is one kind of line of a shape.
type entity struct {
	name    string
	id      string
	parent  string
	columns []column[line]
}

// newShape makes a form ready to be read as o asks. Its errors are the caller's mistakes.
func newShape(f form.Form, o Options) (*shape, error) {
	if o.ClosedEnds && !f.Knows(form.Closed) {
		return nil, &InvalidRequest{"closed_ends", fmt.Errorf("bills of %s have no closed state", f.ID)}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Keys)) {
		if !slices.Contains(openColumns(f), name) {
			err := fmt.Errorf("%s: %s has no such column, or its key is known", name, f.ID)
			return nil, &InvalidRequest{"keys", err}
		}
	}
	s := &shape{formID: f.ID, key: map[string]string{}, needed: map[string]bool{}}
	head, err := s.ask("", f.Head, o.Keys, func(name string) bool {
		return o.ClosedEnds || name != nameCloseStatus && name != nameCloseTime
	})
	if err != nil {
		return nil, err
	}
	for _, c := range head {
		s.key[c.Name] = c.Key
		s.head = append(s.head, columnOf(headSlots, c, f, func(b bill) *values { return &b.Fields }))
		if _, light := stateSlots[c.Name]; light {
			s.state = append(s.state, columnOf(stateSlots, c, f, nil))
		}
	}
	for i, e := range f.Entities {
		if i > 0 && !slices.Contains(o.FurtherEntities, e.Name) {
			continue
		}
		if err := s.addEntity(e, f, o.Keys); err != nil {
			return nil, err
		}
	}
	for _, name := range o.FurtherEntities {
		if !slices.ContainsFunc(s.entities[1:], func(e entity) bool { return e.name == name }) {
			return nil, &InvalidRequest{"further_entities", fmt.Errorf("%s has no further entity %s", f.ID, name)}
		}
	}
	s.stamps = [...]string{
		s.key[nameModifyTime], s.key[nameDocumentStatus], s.key[nameCancelStatus], s.key[nameCloseStatus],
	}
	s.edges = []string{s.key[nameModifyTime], s.key[nameCancelTime], s.key[nameApproveTime], s.key[nameCreateTime]}
	if closed := s.key[nameCloseTime]; closed != "" {
		s.edges = append(s.edges, closed)
	}
	return s, nil
}

func (s *shape) addEntity(e form.Entity, f form.Form, keys map[string]string) error {
	columns, err := s.ask(e.Name+".", e.Columns, keys, func(string) bool { return true })
	if err != nil {
		return err
	}
	made := entity{name: e.Name, id: columns[0].Key}
	for _, c := range columns {
		if c.Name == nameParentID {
			made.parent = c.Key
		}
		made.columns = append(made.columns, columnOf(lineSlots, c, f, func(l line) *values { return &l.Fields }))
	}
	s.entities = append(s.entities, made)
	return nil
}

// openColumns are the names under which a request may give keys.
func openColumns(f form.Form) []string {
	var names []string
	add := func(prefix string, columns []form.Column) {
		for _, c := range columns {
			if c.Open {
				names = append(names, prefix+c.Name)
			}
		}
	}
	add("", f.Head)
	for _, e := range f.Entities {
		add(e.Name+".", e.Columns)
	}
	return names
}

// ask picks the columns that are read and gives them their keys.
func (s *shape) ask(
	prefix string, columns []form.Column, keys map[string]string, wanted func(name string) bool,
) ([]form.Column, error) {
	var asked []form.Column
	for _, c := range columns {
		if !wanted(c.Name) {
			continue
		}
		if key := keys[prefix+c.Name]; c.Open && key != "" {
			c.Key, c.Need = key, form.Must // who names a key wants its values
		}
		switch {
		case c.Key != "":
			asked = append(asked, c)
			s.needed[c.Key] = s.needed[c.Key] || c.Need == form.Must
		case c.Need == form.Must:
			err := fmt.Errorf("%s%s: no key is known for this column of %s; name yours", prefix, c.Name, s.formID)
			return nil, &InvalidRequest{"keys", err}
		}
	}
	return asked, nil
}

// columnOf is the column as it fills the field of its name, or else the map at.
func columnOf[T any](slots map[string]slot[T], c form.Column, f form.Form, at func(T) *values) column[T] {
	if slot, named := slots[c.Name]; named {
		return slot.column(c.Key, f)
	}
	return valueColumn(c.Key, c.Name, c.Type, at)
}

// kindsOf are the kinds of a form by their folded spelling.
func kindsOf(f form.Form) map[string]string {
	kinds := make(map[string]string, len(f.Kinds))
	for _, kind := range f.Kinds {
		kinds[strings.ToLower(kind)] = kind
	}
	return kinds
}

// check says what is wrong with a form's table: a mistake of whoever wrote it.
func check(f form.Form) error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(f.ID+": "+format, args...)) }
	has := func(name string) bool {
		return slices.ContainsFunc(f.Head, func(c form.Column) bool { return c.Name == name })
	}
	if len(f.Head) < 2 || f.Head[0].Name != nameID || f.Head[1].Name != nameNumber {
		add("the head does not begin with %s and %s", nameID, nameNumber)
	}
	for _, name := range everyForm {
		if !has(name) {
			add("the head has no %s", name)
		}
	}
	if has(nameKind) != (len(f.Kinds) > 0) {
		add("kinds and a column %s belong together", nameKind)
	}
	if has(nameCloseStatus) != f.Knows(form.Closed) || !f.Knows(form.Voided) {
		add("its ends are not those of its columns")
	}
	if len(f.Entities) == 0 {
		add("it has no entity")
	}
	faults = append(faults, checkColumns(f.ID, f.Head, headSlots)...)
	for _, e := range f.Entities {
		if len(e.Columns) == 0 || e.Columns[0].Name != nameID {
			add("%s does not begin with %s", e.Name, nameID)
		}
		faults = append(faults, checkColumns(f.ID+" "+e.Name, e.Columns, lineSlots)...)
	}
	return errors.Join(faults...)
}

func checkColumns[T any](of string, columns []form.Column, slots map[string]slot[T]) []error {
	var faults []error
	names := map[string]bool{}
	for _, c := range columns {
		slot, named := slots[c.Name]
		switch {
		case names[c.Name]:
			faults = append(faults, fmt.Errorf("%s: two columns are named %s", of, c.Name))
		case named && slot.typ != c.Type, !named && !plainType(c.Type):
			faults = append(faults, fmt.Errorf("%s: %s is of another type than the contract's", of, c.Name))
		case c.Key == "" && !c.Open:
			faults = append(faults, fmt.Errorf("%s: %s has no key", of, c.Name))
		}
		names[c.Name] = true
	}
	return faults
}
