package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/url"
	"strconv"
	"strings"
)

// arguments is a request body as names and raw JSON values; names in lower case,
// because the vendor's decoder does not care.
type arguments map[string]json.RawMessage

var errBody = errors.New("请求参数不是有效的JSON")

// parseBody reads a JSON object or, when the content type says so, a form whose
// fields are texts. What begins like an object is one whatever its type: one vendor
// SDK sends the misspelt "applicatin/json", and curl calls all it sends a form. An
// empty body has no arguments.
func parseBody(contentType string, body []byte) (arguments, error) {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "application/x-www-form-urlencoded" && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errBody
		}
		args := arguments{}
		for name, values := range form {
			args[strings.ToLower(name)] = mustJSON(values[0])
		}
		return args, nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return arguments{}, nil
	}
	return parseObject(body)
}

func parseObject(text []byte) (arguments, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, errBody
	}
	args := make(arguments, len(object))
	for name, value := range object {
		args[strings.ToLower(name)] = value
	}
	return args, nil
}

// text reads a scalar of whatever type as text; null and absence are "".
func (a arguments) text(name string) string { return scalarText(a[name]) }

func scalarText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return strings.Trim(string(raw), " \t\r\n")
}

// integer reads a number or a text of digits; absent, blank and null are 0.
func (a arguments) integer(name string) (int, error) {
	text := strings.TrimSpace(a.text(name))
	if text == "" || text == "null" {
		return 0, nil
	}
	return strconv.Atoi(text)
}

// positional gives the entries of "parameters", an array or an array inside a
// text; false if there is none.
func (a arguments) positional() ([]json.RawMessage, bool, error) {
	raw, ok := a["parameters"]
	if !ok {
		return nil, false, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		return list, true, nil
	}
	if json.Unmarshal([]byte(scalarText(raw)), &list) == nil {
		return list, true, nil
	}
	return nil, true, errBody
}

// data gives the object that a query or a View is about: "data" as an object or
// as text, or the last of "parameters", likewise.
func (a arguments) data() (arguments, error) {
	raw, ok := a["data"]
	if !ok {
		list, given, err := a.positional()
		if err != nil {
			return nil, err
		}
		if given && len(list) > 0 {
			raw, ok = list[len(list)-1], true
		}
	}
	if !ok {
		return a, nil
	}
	if text := bytes.TrimSpace(raw); len(text) > 0 && text[0] == '"' {
		return parseObject([]byte(scalarText(raw)))
	}
	return parseObject(raw)
}
