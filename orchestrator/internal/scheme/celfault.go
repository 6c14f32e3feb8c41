package scheme

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

var (
	reflectBill  = reflect.TypeFor[rule.Bill]()
	reflectOrder = reflect.TypeFor[rule.Order]()
	reflectLine  = reflect.TypeFor[rule.Line]()

	undefinedField = regexp.MustCompile(`^undefined field '([^']*)'`)
	undeclared     = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
)

// celFaults turns what CEL says of an expression into problems at their place in the YAML.
func (d *decoder) celFaults(env *cel.Env, n *yaml.Node, path, text string, issues *cel.Issues) {
	for i, e := range issues.Errors() {
		if unquoted(e.Message, text) {
			// A lexer complains of each character: once is enough.
			if i > 0 {
				return
			}
			e.Message = "is no expression; a fixed text is put in quotes of its own: '\"" +
				strings.TrimSpace(text) + "\"'"
		}
		line, column := place(n, e.Location.Line(), e.Location.Column())
		message := e.Message
		if m := undefinedField.FindStringSubmatch(message); m != nil {
			owner, names := fieldsAt(env, text, e.ExprID)
			message = fmt.Sprintf("%s has no field `%s`; %s", owner, m[1], suggest(m[1], names))
		} else if m := undeclared.FindStringSubmatch(message); m != nil {
			message = fmt.Sprintf("unknown name `%s`; %s", m[1], suggest(m[1], variables(env)))
		}
		d.faultAt(line, column, path, "%s (in `%s`)", message, shorten(strings.Join(strings.Fields(text), " "), 120))
	}
}

// variables are the names that an expression of this environment begins with.
func variables(env *cel.Env) []string {
	var names []string
	for _, v := range env.Variables() {
		if v.Name() == "bill" || v.Name() == "order" {
			names = append(names, v.Name())
		}
	}
	return names
}

// unquoted says whether a syntax error comes of a text that somebody meant as it stands.
func unquoted(message, text string) bool {
	return strings.HasPrefix(message, "Syntax error") && !strings.ContainsAny(text, `"'+?().[]`)
}

// place finds a CEL position (line from 1, column from 0) in the YAML. It is exact for an expression on one line;
// inside a block the line is exact, and a folded or escaped text gives the place where it begins.
func place(n *yaml.Node, line, column int) (int, int) {
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		return n.Line + line, 1
	case n.Style&yaml.FoldedStyle != 0 || line != 1:
		return n.Line, n.Column
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return n.Line, n.Column + 1 + column
	}
	return n.Line, n.Column + column
}

// fieldsAt says what the select expression with this id selects from, and the fields that this has.
func fieldsAt(env *cel.Env, text string, id int64) (string, []string) {
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return "this", nil
	}
	for _, e := range ast.MatchDescendants(ast.NavigateAST(parsed.NativeRep()), ast.KindMatcher(ast.SelectKind)) {
		if e.ID() != id {
			continue
		}
		if operand := e.AsSelect().Operand(); operand.Kind() == ast.IdentKind {
			switch operand.AsIdent() {
			case "bill":
				return "bill", celNames(reflectBill)
			case "order":
				return "order", celNames(reflectOrder)
			}
		}
	}
	return "a line", celNames(reflectLine)
}

// celNames are the names that a struct of the rules has in CEL.
func celNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("cel"); name != "-" {
			names = append(names, name)
		}
	}
	return names
}
