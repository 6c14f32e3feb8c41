package scheme

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// maxExtraFields is how many further keys may be read of the head, and of the lines.
const maxExtraFields = 50

// kingdeeKey is a key as Kingdee names its fields, such as F_PAEZ_Pushed or F_PAEZ_Shop.FNumber.
var kingdeeKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]{0,119}$`)

// decodeExtraFields reads which further fields of Kingdee the expressions may use.
func (o object) decodeExtraFields(s *Scheme) {
	x := o.section("extra_fields", extraKeys)
	s.ExtraBillFields, s.ExtraLineFields = x.kingdeeKeys("bill"), x.kingdeeKeys("lines")
}

func (o object) kingdeeKeys(key string) []string {
	if !o.has(key) {
		return nil
	}
	keys := o.texts(key)
	if len(keys) > maxExtraFields {
		o.fault(key, "lists %d fields; at most %d are allowed", len(keys), maxExtraFields)
	}
	for _, k := range keys {
		if !kingdeeKey.MatchString(k) {
			o.fault(key, "`%s` is no Kingdee field: letters, digits, _ and ., a letter first, at most 120", k)
		}
	}
	return keys
}

// checkKeys refuses an expression that reads what would never be there: a field that the form does not have, or a field
// of extra that extra_fields does not list.
func (o object) checkKeys(s *Scheme, key, text string, checked *cel.Ast) {
	in := shorten(strings.Join(strings.Fields(text), " "), 120)
	for _, used := range keysOf(checked) {
		if used.of == "fields" {
			if fault := s.lacksField(used.ofBill, used.key); fault != "" {
				o.fault(key, "%s (in `%s`)", fault, in)
			}
			continue
		}
		listed := s.ExtraLineFields
		if used.ofBill {
			listed = s.ExtraBillFields
		}
		if !slices.Contains(listed, used.key) {
			where := map[bool]string{true: "extra_fields.bill", false: "extra_fields.lines"}[used.ofBill]
			o.fault(key, "extra field `%s` is not listed under %s; %s (in `%s`)", used.key,
				where, suggest(used.key, listed), in)
		}
	}
}

// lacksField says why the bills of the scheme's form, or their lines, have no such entry in fields; empty where they
// have one, and where the form itself is the fault.
func (s *Scheme) lacksField(ofBill bool, name string) string {
	f := s.BillForm()
	known, of := f.LineFields(), "lines"
	if ofBill {
		known, of = f.Fields, "bills"
	}
	if f.ID == "" || slices.Contains(known, name) {
		return ""
	}
	return fmt.Sprintf("%s of %s have no `%s` in fields; %s", of, f.ID, name, suggest(name, known))
}

// keyUse is one place where an expression reads a key of fields or extra that is written out.
type keyUse struct {
	ofBill bool
	// of is fields or extra.
	of, key string
}

// keysOf finds x.extra.KEY and x.extra["KEY"], and the same of x.fields.
func keysOf(checked *cel.Ast) []keyUse {
	root := ast.NavigateAST(checked.NativeRep())
	var uses []keyUse
	note := func(container ast.Expr, key string) {
		if container.Kind() != ast.SelectKind {
			return
		}
		if of := container.AsSelect().FieldName(); of == "extra" || of == "fields" {
			owner := checked.NativeRep().GetType(container.AsSelect().Operand().ID())
			uses = append(uses, keyUse{ofBill: owner.IsExactType(types.NewObjectType("rule.Bill")), of: of, key: key})
		}
	}
	for _, e := range ast.MatchDescendants(root, ast.AllMatcher()) {
		switch e.Kind() {
		case ast.SelectKind:
			note(e.AsSelect().Operand(), e.AsSelect().FieldName())
		case ast.CallKind:
			call := e.AsCall()
			if call.FunctionName() != operators.Index || len(call.Args()) != 2 ||
				call.Args()[1].Kind() != ast.LiteralKind {
				continue
			}
			if key, ok := call.Args()[1].AsLiteral().Value().(string); ok {
				note(call.Args()[0], key)
			}
		}
	}
	return uses
}

// complete answers a bill in which each entity and each field of the form, and each extra field of the scheme, is
// there: one that Kingdee left empty is the empty text, like any other unset field. Extra fields of lines are those of
// the form's first entity.
func (s *Scheme) complete(b rule.Bill) rule.Bill {
	f := s.BillForm()
	b.Fields, b.Extra = filled(b.Fields, f.Fields), filled(b.Extra, s.ExtraBillFields)
	all := make(map[string][]rule.Line, len(b.Lines))
	fields, extra := f.LineFields(), s.ExtraLineFields
	for _, entity := range f.Lines {
		all[string(entity.Source)] = completeLines(b.Lines[string(entity.Source)], fields, extra)
		extra = nil
	}
	b.Lines = all
	return b
}

func (s *Scheme) completeOrder(l rule.Order) rule.Order {
	l.Lines = completeLines(l.Lines, s.BillForm().LineFields(), s.ExtraLineFields)
	return l
}

func completeLines(lines []rule.Line, fields, extra []string) []rule.Line {
	if len(fields)+len(extra) == 0 {
		return lines
	}
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Fields, lines[i].Extra = filled(lines[i].Fields, fields), filled(lines[i].Extra, extra)
	}
	return lines
}

// filled has each of the keys, and no other; what there is where there are no keys.
func filled(values map[string]string, keys []string) map[string]string {
	if len(keys) == 0 {
		return values
	}
	full := make(map[string]string, len(keys))
	for _, key := range keys {
		full[key] = values[key]
	}
	return full
}
