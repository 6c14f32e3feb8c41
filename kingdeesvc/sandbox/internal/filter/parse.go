package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds nesting, so that a hostile text cannot exhaust the stack.
const maxDepth = 200

// Parse reads a filter. Blank text is the condition that always holds.
func Parse(text string) (Node, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 1 {
		return And{}, nil
	}
	p := &parser{tokens: tokens}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, &SyntaxError{t.pos, fmt.Sprintf("unexpected %q after a complete condition", t.text)}
	}
	return n, nil
}

type parser struct {
	tokens []token
	at     int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) take(keyword string) bool {
	if p.peek().is(keyword) {
		p.at++
		return true
	}
	return false
}

func (p *parser) or() (Node, error) {
	terms, err := p.series("or", p.and)
	if err != nil || len(terms) == 1 {
		return first(terms), err
	}
	return Or{terms}, nil
}

func (p *parser) and() (Node, error) {
	terms, err := p.series("and", p.not)
	if err != nil || len(terms) == 1 {
		return first(terms), err
	}
	return And{terms}, nil
}

func (p *parser) series(keyword string, term func() (Node, error)) ([]Node, error) {
	var terms []Node
	for {
		n, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, n)
		if !p.take(keyword) {
			return terms, nil
		}
	}
}

func first(terms []Node) Node {
	if len(terms) == 0 {
		return nil
	}
	return terms[0]
}

func (p *parser) not() (Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, &SyntaxError{p.peek().pos, "nested too deeply"}
	}
	defer func() { p.depth-- }()
	if p.take("not") {
		n, err := p.not()
		if err != nil {
			return nil, err
		}
		return Not{n}, nil
	}
	if p.peek().symbol("(") {
		p.at++
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		if t := p.next(); !t.symbol(")") {
			return nil, &SyntaxError{t.pos, "a closing parenthesis is missing"}
		}
		return n, nil
	}
	return p.condition()
}

var comparisons = []string{"=", "<>", ">", ">=", "<", "<="}

func (p *parser) condition() (Node, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	t := p.next()
	if t.kind == tokenSymbol && slices.Contains(comparisons, t.text) {
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		return Comparison{t.text, left, right}, nil
	}
	if t.is("is") {
		return p.isNull(left)
	}
	negated := t.is("not")
	if negated {
		t = p.next()
	}
	n, err := p.inOrLike(left, t)
	if err == nil && negated {
		n = Not{n}
	}
	return n, err
}

func (p *parser) isNull(left Operand) (Node, error) {
	negated := p.take("not")
	if t := p.next(); !t.is("null") {
		return nil, &SyntaxError{t.pos, "null is expected after is"}
	}
	if negated {
		return Not{IsNull{left}}, nil
	}
	return IsNull{left}, nil
}

func (p *parser) inOrLike(left Operand, t token) (Node, error) {
	switch {
	case t.is("like"):
		pattern := p.next()
		if pattern.kind != tokenText {
			return nil, &SyntaxError{pattern.pos, "a quoted text is expected after like"}
		}
		return Like{left, pattern.text}, nil
	case t.is("in"):
		list, err := p.list()
		if err != nil {
			return nil, err
		}
		return In{left, list}, nil
	default:
		return nil, &SyntaxError{t.pos, "a comparison is expected"}
	}
}

func (p *parser) list() ([]Value, error) {
	if t := p.next(); !t.symbol("(") {
		return nil, &SyntaxError{t.pos, "an opening parenthesis is expected after in"}
	}
	var list []Value
	for {
		t := p.peek()
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		if o.Key != "" {
			return nil, &SyntaxError{t.pos, "only literals may stand in a list"}
		}
		list = append(list, o.Literal)
		switch t := p.next(); {
		case t.symbol(")"):
			return list, nil
		case !t.symbol(","):
			return nil, &SyntaxError{t.pos, "a comma or a closing parenthesis is expected"}
		}
	}
}

var reserved = []string{"and", "or", "not", "in", "like", "is"}

func (p *parser) operand() (Operand, error) {
	t := p.next()
	switch t.kind {
	case tokenText:
		return Operand{Literal: TextValue(t.text)}, nil
	case tokenNumber:
		return Operand{Literal: number(t.text)}, nil
	case tokenWord:
		if t.is("null") {
			return Operand{}, nil
		}
		if !slices.Contains(reserved, strings.ToLower(t.text)) {
			return Operand{Key: t.text}, nil
		}
	}
	return Operand{}, &SyntaxError{t.pos, "a key or a literal is expected"}
}

func number(text string) Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return IntValue(n)
	}
	return DecimalValue(text)
}
