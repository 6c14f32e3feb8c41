package scheme

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/ext"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Bounds of one expression: the characters of its text, and what one evaluation may cost in CEL's units (about one for
// each step and one for each ten characters copied; a plain field costs 1).
const (
	maxExpression  = 4000
	maxEvalCost    = 200_000
	maxExtendProps = 50
)

// mapping makes the request for an order of one kind.
type mapping struct {
	kind         rule.OrderKind
	source       rule.Source
	orderCode    expression
	orderType    expression
	cancelReason expression
	// ownerCode is the zero expression where the scheme gives none.
	ownerCode   expression
	extendProps []property
}

// property is one entry of extendProps.
type property struct {
	key   string
	value expression
}

// expression is CEL that gives text, or text as such.
type expression struct {
	field   string
	literal string
	program cel.Program
	// ofNumber: it gives the bill's number with constants around it, or without.
	ofNumber bool
}

func (e expression) given() bool { return e.program != nil || e.literal != "" }

// newEnv is the CEL environment of all mappings: bill and order as the rules know them, the generation of the bill that
// the order was made in (1, 2, …), and the string functions of cel-go.
func newEnv() (*cel.Env, error) {
	return cel.NewEnv(
		ext.NativeTypes(reflectBill, reflectOrder, reflectLine, ext.ParseStructTag("cel")),
		cel.Variable("bill", cel.ObjectType("rule.Bill")),
		cel.Variable("order", cel.ObjectType("rule.Order")),
		cel.Variable("generation", cel.IntType),
		ext.Strings(),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(50),
	)
}

// compile reads the expression under a key. Its faults point into the YAML and name what exists.
func (o object) compile(env *cel.Env, s *Scheme, key string, required bool) expression {
	text := o.text(key, required)
	if text == "" {
		return expression{}
	}
	return o.compileText(env, s, key, text)
}

func (o object) compileText(env *cel.Env, s *Scheme, key, text string) expression {
	node := o.fields[key].value
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		o.d.celFaults(env, node, o.at(key), text, issues)
		return expression{}
	}
	if !checked.OutputType().IsExactType(cel.StringType) {
		o.fault(key, "must give text (string), not %s", checked.OutputType())
		return expression{}
	}
	o.checkKeys(s, key, text, checked)
	program, err := env.Program(checked, cel.CostLimit(maxEvalCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		o.fault(key, "%s", err)
		return expression{}
	}
	return expression{field: key, program: program, ofNumber: numbers(checked.NativeRep().Expr()) == 1}
}

// numbers counts how often an expression that adds constants and the bill's number has the number; very many stands for
// any other expression.
func numbers(e ast.Expr) int {
	const other = 1 << 20
	switch e.Kind() {
	case ast.LiteralKind:
		return 0
	case ast.SelectKind:
		of := e.AsSelect()
		if of.FieldName() == "number" && of.Operand().Kind() == ast.IdentKind && of.Operand().AsIdent() == "bill" {
			return 1
		}
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == operators.Add && len(call.Args()) == 2 {
			return numbers(call.Args()[0]) + numbers(call.Args()[1])
		}
	}
	return other
}

// NamedByNumber says whether each order of the scheme is called by the number of its bill with constants around it, so
// that only a bill of that number can own it; also those of earlier eras.
func (s *Scheme) NamedByNumber() bool {
	for _, era := range s.eras {
		if !era.Orders.NamedByNumber() {
			return false
		}
	}
	for _, m := range s.orders {
		if !m.orderCode.ofNumber {
			return false
		}
	}
	return true
}

// orderType reads an order type: the code itself, or an expression that gives one.
func (o object) orderType(env *cel.Env, s *Scheme) expression {
	const key = "order_type"
	known := s.orderTypes
	text := o.text(key, true)
	switch {
	case text == "":
		return expression{}
	case bareWord.MatchString(text):
		if !slices.Contains(known, text) {
			o.fault(key, "the WMS knows no order type `%s`; %s (others under extra_order_types)",
				text, suggest(text, known))
		}
		return expression{field: key, literal: text}
	}
	if parsed, issues := env.Parse(text); issues.Err() == nil && parsed.NativeRep().Expr().Kind() == ast.LiteralKind {
		if v, ok := parsed.NativeRep().Expr().AsLiteral().Value().(string); ok && !slices.Contains(known, v) {
			o.fault(key, "the WMS knows no order type `%s`; %s (others under extra_order_types)", v, suggest(v, known))
		}
	}
	return o.compileText(env, s, key, text)
}

// eval gives the text of an expression; empty for one that is not given.
func (e expression) eval(bill rule.Bill, order rule.Order) (string, error) {
	if e.program == nil {
		return e.literal, nil
	}
	out, _, err := e.program.Eval(map[string]any{
		"bill": bill, "order": order, "generation": max(bill.Generation, 1),
	})
	if err != nil {
		return "", err
	}
	text, ok := out.Value().(string)
	if !ok {
		return "", fmt.Errorf("gave %s, not text", out.Type().TypeName())
	}
	return text, nil
}
