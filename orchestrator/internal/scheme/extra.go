package scheme

import (
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

// checkExtras refuses an expression that reads a field of extra that extra_fields does not list: its value would never
// be there.
func (o object) checkExtras(s *Scheme, key, text string, checked *cel.Ast) {
	for _, used := range extrasOf(checked) {
		listed := s.ExtraLineFields
		if used.ofBill {
			listed = s.ExtraBillFields
		}
		if !slices.Contains(listed, used.key) {
			where := map[bool]string{true: "extra_fields.bill", false: "extra_fields.lines"}[used.ofBill]
			o.fault(key, "extra field `%s` is not listed under %s; %s (in `%s`)", used.key,
				where, suggest(used.key, listed),
				shorten(strings.Join(strings.Fields(text), " "), 120))
		}
	}
}

// extraUse is one place where an expression reads a key of extra that is written out.
type extraUse struct {
	ofBill bool
	key    string
}

// extrasOf finds x.extra.KEY and x.extra["KEY"].
func extrasOf(checked *cel.Ast) []extraUse {
	root := ast.NavigateAST(checked.NativeRep())
	var uses []extraUse
	note := func(container ast.Expr, key string) {
		if container.Kind() == ast.SelectKind && container.AsSelect().FieldName() == "extra" {
			owner := checked.NativeRep().GetType(container.AsSelect().Operand().ID())
			uses = append(uses, extraUse{ofBill: owner.IsExactType(types.NewObjectType("rule.Bill")), key: key})
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

// withExtras answers a bill in which each entity of the form and each extra field of the scheme is there: one that
// Kingdee left empty is the empty text, like any other unset field. Extra fields of lines are those of the form's first
// entity.
func (s *Scheme) withExtras(b rule.Bill) rule.Bill {
	b.Extra = filled(b.Extra, s.ExtraBillFields)
	all := make(map[string][]rule.Line, len(b.Lines))
	for i, entity := range s.BillForm().Lines {
		lines := b.Lines[string(entity.Source)]
		if i == 0 && len(s.ExtraLineFields) > 0 {
			lines = slices.Clone(lines)
			for i := range lines {
				lines[i].Extra = filled(lines[i].Extra, s.ExtraLineFields)
			}
		}
		all[string(entity.Source)] = lines
	}
	b.Lines = all
	return b
}

func (s *Scheme) orderWithExtras(l rule.Order) rule.Order {
	if len(s.ExtraLineFields) > 0 {
		l.Lines = slices.Clone(l.Lines)
		for i := range l.Lines {
			l.Lines[i].Extra = filled(l.Lines[i].Extra, s.ExtraLineFields)
		}
	}
	return l
}

func filled(extra map[string]string, keys []string) map[string]string {
	if len(keys) == 0 {
		return extra
	}
	full := make(map[string]string, len(keys))
	for _, key := range keys {
		full[key] = extra[key]
	}
	return full
}
