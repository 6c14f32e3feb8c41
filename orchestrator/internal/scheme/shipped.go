package scheme

import _ "embed" // the shipped scheme and the schema

//go:embed shipped.yaml
var shipped []byte

//go:embed shipped_returns.yaml
var shippedReturns []byte

//go:embed schema.json
var schema []byte

// Names of the shipped files in errors.
const (
	ShippedName        = "shipped.yaml"
	ShippedReturnsName = "shipped_returns.yaml"
)

// Shipped are the schemes that come with voidrelay, one for each form of bill: they run on the sandboxes only. The
// first is that of assembly bills.
func Shipped() ([]*Scheme, error) {
	assembly, err := Load(shipped, ShippedName)
	if err != nil {
		return nil, err
	}
	returns, err := Load(shippedReturns, ShippedReturnsName)
	if err != nil {
		return nil, err
	}
	return append(assembly, returns...), nil
}

// ShippedDocument is the YAML text of the shipped scheme for assembly bills, a copy to start from.
func ShippedDocument() []byte { return append([]byte(nil), shipped...) }

// ShippedReturnsDocument is the same for requests to return goods, 退料申请单.
func ShippedReturnsDocument() []byte { return append([]byte(nil), shippedReturns...) }

// Schema is the JSON Schema (2020-12) of a scheme file, for editors; Load checks more than it can say.
func Schema() []byte { return append([]byte(nil), schema...) }
