package filter

import (
	"encoding/json"
	"fmt"
	"strings"
)

// element is one condition of the array form of FilterString.
type element struct {
	Left      string `json:"Left"`
	FieldName string `json:"FieldName"`
	Compare   any    `json:"Compare"`
	Value     any    `json:"Value"`
	Right     string `json:"Right"`
	Logic     any    `json:"Logic"`
}

// compareCodes are the numeric operators as one integrator lists them; symbols
// are used as well (github.com/a423365360/52toysData, SingleKingDeeAPI.java).
var compareCodes = map[string]string{
	"67": "=", "105": "=", "39": ">=", "56": "<=", "72": ">", "44": "<",
	"17": "contains", "60": "starts", "211": "ends",
	"=": "=", "<>": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<=", "like": "like",
}

// ParseArray reads the array form of FilterString, a JSON array of conditions
// joined by each element's Logic (0 or "and", 1 or "or").
func ParseArray(text []byte) (Node, error) {
	var elements []element
	if err := json.Unmarshal(text, &elements); err != nil {
		return nil, &SyntaxError{0, "the array of conditions cannot be read: " + err.Error()}
	}
	var b strings.Builder
	for i, e := range elements {
		condition, err := e.text()
		if err != nil {
			return nil, &SyntaxError{i, err.Error()}
		}
		b.WriteString(e.Left + condition + e.Right)
		if i < len(elements)-1 {
			b.WriteString(logic(e.Logic))
		}
	}
	return Parse(b.String())
}

func logic(code any) string {
	switch strings.ToLower(fmt.Sprint(code)) {
	case "1", "or":
		return " or "
	default:
		return " and "
	}
}

func (e element) text() (string, error) {
	if e.FieldName == "" {
		return "", fmt.Errorf("a condition without FieldName")
	}
	value := ""
	if e.Value != nil {
		value = fmt.Sprint(e.Value)
	}
	op, ok := compareCodes[strings.ToLower(fmt.Sprint(e.Compare))]
	if !ok {
		return "", fmt.Errorf("unknown Compare %v", e.Compare)
	}
	switch op {
	case "contains":
		op, value = "like", "%"+value+"%"
	case "starts":
		op, value = "like", value+"%"
	case "ends":
		op, value = "like", "%"+value
	}
	return fmt.Sprintf("%s %s '%s'", e.FieldName, op, strings.ReplaceAll(value, "'", "''")), nil
}
