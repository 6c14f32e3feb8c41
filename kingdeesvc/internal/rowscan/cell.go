package rowscan

// Kind is what a cell of a row is made of.
type Kind uint8

const (
	// Null is also the zero value.
	Null Kind = iota
	// Text is a JSON string; dates come as text too.
	Text
	// Number is a JSON number.
	Number
	// Bool is true or false.
	Bool
	// Other is an object or an array; genuine rows have none (kingdee-go/k3cloud and
	// luka-n8n-nodes/n8n-nodes-kingdee agree).
	Other
	// Unfit is a Text with U+0000 in it, which no database takes.
	Unfit
)

// Cell is one value of a row. Text holds the string of a Text or Unfit, the digits of a Number exactly as they were
// written, "true" or "false" of a Bool and the raw JSON of an Other.
type Cell struct {
	Kind Kind
	Text string
}
