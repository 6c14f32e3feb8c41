package scheme

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// decodeSelector reads the selector, which says which bills are the scheme's: CEL over bill alone, giving a yes or no.
func (o object) decodeSelector(s *Scheme) {
	const key = "selector"
	text := o.text(key, false)
	if text == "" {
		return
	}
	env, err := cel.NewEnv(
		ext.NativeTypes(reflectBill, reflectLine, ext.ParseStructTag("cel")),
		cel.Variable("bill", cel.ObjectType("rule.Bill")),
		ext.Strings(),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(50),
	)
	if err != nil {
		o.fault(key, "%s", err)
		return
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		o.d.celFaults(env, o.fields[key].value, o.at(key), text, issues)
		return
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		o.fault(key, "must give yes or no (bool), not %s", checked.OutputType())
		return
	}
	o.checkKeys(s, key, text, checked)
	program, err := env.Program(checked, cel.CostLimit(maxEvalCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		o.fault(key, "%s", err)
		return
	}
	s.selector = func(bill rule.Bill) (bool, error) {
		out, _, err := program.Eval(map[string]any{"bill": s.complete(bill)})
		if err != nil {
			return false, fmt.Errorf("scheme %s: bill %s: selector cannot be evaluated: %w", s.Name, bill.Number, err)
		}
		yes, ok := out.Value().(bool)
		if !ok {
			return false, fmt.Errorf("scheme %s: bill %s: selector gave %s, not yes or no",
				s.Name, bill.Number, out.Type().TypeName())
		}
		return yes, nil
	}
}
