package filter

// Node is a condition.
type Node interface{ node() }

// And holds when all its terms hold; without terms it always holds.
type And struct{ Terms []Node }

// Or holds when one of its terms holds.
type Or struct{ Terms []Node }

// Not holds when its term does not; unknown stays unknown.
type Not struct{ Term Node }

// Comparison compares two operands with one of = <> > >= < <=.
type Comparison struct {
	Op          string
	Left, Right Operand
}

// In holds when the operand equals one of the literals.
type In struct {
	Operand Operand
	List    []Value
}

// Like matches a text with % and _ as wild cards.
type Like struct {
	Operand Operand
	Pattern string
}

// IsNull holds when the operand is null.
type IsNull struct{ Operand Operand }

// Operand is a key, or a literal when Key is empty.
type Operand struct {
	Key     string
	Literal Value
}

func (And) node()        {}
func (Or) node()         {}
func (Not) node()        {}
func (Comparison) node() {}
func (In) node()         {}
func (Like) node()       {}
func (IsNull) node()     {}
