package scheme

import _ "embed" // the shipped scheme and the schema

//go:embed shipped.yaml
var shipped []byte

//go:embed schema.json
var schema []byte

// ShippedName is what errors call the shipped file.
const ShippedName = "shipped.yaml"

// Shipped is the scheme that comes with voidrelay: it runs on the sandboxes only.
func Shipped() ([]*Scheme, error) { return Load(shipped, ShippedName) }

// ShippedDocument is the YAML text of Shipped, a copy to start from.
func ShippedDocument() []byte { return append([]byte(nil), shipped...) }

// Schema is the JSON Schema (2020-12) of a scheme file, for editors; Load checks more than it can say.
func Schema() []byte { return append([]byte(nil), schema...) }
