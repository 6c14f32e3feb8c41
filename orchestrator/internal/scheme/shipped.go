package scheme

import (
	"embed"
	"errors"
)

// shippedFiles are shipped.yaml, the scheme for assembly bills, and one for each further form.
//
//go:embed shipped*.yaml
var shippedFiles embed.FS

//go:embed schema.json
var schema []byte

// ShippedName is what errors call the shipped file for assembly bills.
const ShippedName = "shipped.yaml"

// Shipped are the schemes that come with voidrelay, one for each form of bill: they run on the sandboxes only. The
// first is that of assembly bills.
func Shipped() ([]*Scheme, error) {
	files, err := shippedFiles.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []*Scheme
	for _, file := range files {
		schemes, err := Load(shippedDocument(file.Name()), file.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, schemes...)
	}
	return all, nil
}

// ErrNoForm says that no scheme is shipped for a form.
var ErrNoForm = errors.New("no scheme is shipped for this form")

// ShippedFor is the YAML text of the scheme that is shipped for a form, such as PUR_MRAPP, a copy to start from. The
// error is ErrNoForm where there is none.
func ShippedFor(form string) ([]byte, error) {
	files, err := shippedFiles.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		document := shippedDocument(file.Name())
		schemes, err := Load(document, file.Name())
		if err != nil {
			return nil, err
		}
		if schemes[0].Form == form {
			return document, nil
		}
	}
	return nil, ErrNoForm
}

// ShippedDocument is ShippedFor assembly bills.
func ShippedDocument() []byte { return shippedDocument(ShippedName) }

// shippedDocument is a copy of an embedded file; each was found in the listing, or is known to be there.
func shippedDocument(name string) []byte {
	document, err := shippedFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return document
}

// Schema is the JSON Schema (2020-12) of a scheme file, for editors; Load checks more than it can say.
func Schema() []byte { return append([]byte(nil), schema...) }
