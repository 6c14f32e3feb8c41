package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// cancelBody is the business request as it was sent, before any rule was applied.
type cancelBody struct {
	warehouseCode, orderCode, orderType, cancelReason, ownerCode, orderID string
	extendProps                                                           map[string]string
}

// parseBody reads <request>…</request> strictly: well-formed UTF-8, no DTD, no processing instruction but a leading
// declaration, nothing beside the root, known fields once and without children. Unknown children are skipped.
func parseBody(body []byte) (cancelBody, error) {
	var parsed cancelBody
	if !utf8.Valid(body) {
		return parsed, errors.New("not valid UTF-8")
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	rooted := false
	for first := true; ; first = false {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if !rooted {
				return parsed, errors.New("no element")
			}
			return parsed, nil
		}
		if err != nil {
			return parsed, fmt.Errorf("not well-formed: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if rooted || t.Name.Local != "request" || t.Name.Space != "" {
				return parsed, fmt.Errorf("unexpected element %q", t.Name.Local)
			}
			rooted = true
			if err := parsed.readFields(dec); err != nil {
				return parsed, err
			}
		case xml.ProcInst:
			if !first || t.Target != "xml" {
				return parsed, fmt.Errorf("processing instruction %q", t.Target)
			}
		case xml.Directive:
			return parsed, errors.New("a document type declaration is not allowed")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return parsed, errors.New("text beside the root element")
			}
		}
	}
}

func (c *cancelBody) readFields(dec *xml.Decoder) error {
	simple := map[string]*string{
		"warehouseCode": &c.warehouseCode, "orderCode": &c.orderCode, "orderType": &c.orderType,
		"cancelReason": &c.cancelReason, "ownerCode": &c.ownerCode, "orderId": &c.orderID,
	}
	seen := map[string]bool{}
	return eachChild(dec, func(name string) error {
		into, isSimple := simple[name]
		if isSimple || name == "extendProps" {
			if seen[name] {
				return fmt.Errorf("%s occurs twice", name)
			}
			seen[name] = true
		}
		switch {
		case isSimple:
			text, err := textOf(dec, name)
			*into = text
			return err
		case name == "extendProps":
			c.extendProps = map[string]string{}
			return eachChild(dec, func(key string) error {
				text, err := allText(dec)
				c.extendProps[key] = text
				return err
			})
		default:
			_, err := allText(dec)
			return err
		}
	})
}

// eachChild calls visit at the start of each child of the element just entered; visit consumes it with its end tag.
func eachChild(dec *xml.Decoder, visit func(name string) error) error {
	for {
		tok, err := dec.Token()
		if err != nil {
			return fmt.Errorf("not well-formed: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if t.Name.Space != "" { // the vendor's elements have no namespace, so this is none of them
				name = t.Name.Space + ":" + name
			}
			if err := visit(name); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.Directive, xml.ProcInst:
			return errors.New("markup that is not allowed inside the request")
		}
	}
}

func textOf(dec *xml.Decoder, name string) (string, error) {
	var b strings.Builder
	for {
		tok, err := dec.Token()
		if err != nil {
			return "", fmt.Errorf("not well-formed: %w", err)
		}
		switch t := tok.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.Comment:
		default:
			return "", fmt.Errorf("%s must hold text only", name)
		}
	}
}

// allText consumes an element of any shape and returns the text found anywhere inside it.
func allText(dec *xml.Decoder) (string, error) {
	var b strings.Builder
	for depth := 1; depth > 0; {
		tok, err := dec.Token()
		if err != nil {
			return "", fmt.Errorf("not well-formed: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(t)
		case xml.Directive, xml.ProcInst:
			return "", errors.New("markup that is not allowed inside the request")
		}
	}
	return b.String(), nil
}
