package scheme

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestShippedFileKeepsToTheSchema(t *testing.T) {
	var whole, document any
	require.NoError(t, json.Unmarshal(Schema(), &whole))
	require.NoError(t, yaml.Unmarshal(ShippedDocument(), &document))
	c := checker{defs: whole.(map[string]any)["$defs"].(map[string]any)}
	require.Empty(t, c.check("", whole.(map[string]any), document))

	scheme := document.(map[string]any)["schemes"].([]any)[0].(map[string]any)
	scheme["nmae"], scheme["poll_interval"] = "x", "soon"
	require.Len(t, c.check("", whole.(map[string]any), document), 2, "the check itself must see faults")
}

// checker knows as much of JSON Schema as schema.json uses.
type checker struct{ defs map[string]any }

func (c checker) check(path string, s map[string]any, v any) []string {
	if ref, ok := s["$ref"].(string); ok {
		s = c.defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	var faults []string
	wrong := func(format string, args ...any) { faults = append(faults, path+": "+fmt.Sprintf(format, args...)) }
	if want, ok := s["const"]; ok && want != v {
		wrong("is %v, not %v", v, want)
	}
	if list, ok := s["enum"].([]any); ok && !slices.Contains(list, v) {
		wrong("%v is not among %v", v, list)
	}
	if list, ok := s["oneOf"].([]any); ok {
		fits := 0
		for _, one := range list {
			if len(c.check(path, one.(map[string]any), v)) == 0 {
				fits++
			}
		}
		if fits != 1 {
			wrong("fits %d of oneOf", fits)
		}
	}
	if want, ok := s["type"]; ok && !strings.Contains(fmt.Sprint(want), typeOf(v)) {
		wrong("is %s, not %v", typeOf(v), want)
	}
	switch v := v.(type) {
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			wrong("%q does not match %s", v, p)
		}
		if most, ok := s["maxLength"].(float64); ok && utf8.RuneCountInString(v) > int(most) {
			wrong("is too long")
		}
	case []any:
		if items, ok := s["items"].(map[string]any); ok {
			for i, item := range v {
				faults = append(faults, c.check(fmt.Sprintf("%s[%d]", path, i), items, item)...)
			}
		}
	case map[string]any:
		faults = append(faults, c.object(path, s, v)...)
	}
	return faults
}

func (c checker) object(path string, s, v map[string]any) []string {
	var faults []string
	required, _ := s["required"].([]any)
	for _, key := range required {
		if _, ok := v[key.(string)]; !ok {
			faults = append(faults, fmt.Sprintf("%s: %s is missing", path, key))
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for key, value := range v {
		property, known := properties[key]
		if !known {
			property = s["additionalProperties"]
		}
		if sub, ok := property.(map[string]any); ok {
			faults = append(faults, c.check(path+"."+key, sub, value)...)
		} else if property == false {
			faults = append(faults, fmt.Sprintf("%s: unknown key %s", path, key))
		}
	}
	return faults
}

func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case int:
		return "integer"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}
