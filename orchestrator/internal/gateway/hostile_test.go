package gateway_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/proto"
)

// operation is what counts here of one in the OpenAPI document.
type operation struct {
	OperationID string `json:"operationId"`
	Tags        []string
	Parameters  []struct{ Name, In string }
	RequestBody struct {
		Content map[string]struct {
			Schema struct {
				Ref string `json:"$ref"`
			}
		}
	}
}

// named are names and numbers that are there: what is wrong is then only what is meant to be.
var named = strings.NewReplacer("{scheme}", "assembly", "{runId}", "8", "{cancellationId}", "2",
	"{billNo}", "ZZCX000001")

// TestHostileRequestsAreRefusedAndStoreNothing sends to every operation, with names that exist, every parameter and
// field with values that are none of its own: the answer is one that the document has (call holds it to that), never a
// fault of ours, and says which field.
func TestHostileRequestsAreRefusedAndStoreNothing(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	stored := func() string {
		return f.rows.Text(`
select concat_ws(' ', (select count(*) from voidrelay.operator_action), (select count(*) from voidrelay.run),
    (select count(*) from voidrelay.scheme_revision), (select count(*) from voidrelay.first_reply))`)
	}
	var document struct {
		Paths      map[string]map[string]operation
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	require.NoError(t, json.Unmarshal(proto.OpenAPI, &document))
	sent, acted := 0, false
	try := func(target, body string) {
		sent++
		response, content := f.call(t, target, body, nil)
		acted = acted || response.StatusCode < 400
		require.Less(t, response.StatusCode, 500, "%s %s: %s", target, body, content)
		if response.StatusCode == 400 && strings.Contains(content, `"REQUEST_INVALID"`) {
			require.Regexp(t, `"field": ?"[^"]+"`, content, "%s %s", target, body)
		}
	}
	texts := []string{
		"", "\x00", "'; drop table bill; --", strings.Repeat("9", 5000), "-1", "9223372036854775808", "NaN", "[]",
		"\u202e", "1e9",
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "UNSPECIFIED", "%ff", "null", "true",
	}
	values := []string{
		`null`, `7`, `-1`, `1e99`, `true`, `""`, `"\u0000"`, `"x"`, `[]`, `[[]]`, `[null]`, `{}`, `{"x": 1}`,
		`"\ud800"`,
		`"` + strings.Repeat("9", 5000) + `"`, `["` + strings.Repeat("9", 5000) + `"]`, `9223372036854775808`,
	}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for method, o := range document.Paths[path] {
			target := strings.ToUpper(method) + " " + named.Replace(path)
			if o.OperationID == "watchEvents" || o.Tags[0] == "Probes" {
				continue // a stream has tests of its own, and probes take no input
			}
			before := stored()
			acted = false
			for _, parameter := range o.Parameters {
				for _, text := range texts {
					switch {
					case parameter.In == "query":
						try(target+"?"+url.QueryEscape(parameter.Name)+"="+url.QueryEscape(text), "")
					case parameter.In == "path" && text != "":
						there := strings.ToUpper(method) + " " +
							named.Replace(strings.ReplaceAll(path, "{"+parameter.Name+"}", url.PathEscape(text)))
						try(there, "{}")
					}
				}
			}
			name := strings.TrimPrefix(o.RequestBody.Content["application/json"].Schema.Ref, "#/components/schemas/")
			for field := range document.Components.Schemas[name].Properties {
				for _, value := range values {
					try(target, `{"`+field+`": `+value+`}`)
				}
			}
			if !acted || method == "get" {
				require.Equal(t, before, stored(), "%s stored nothing", target)
			}
		}
	}
	require.Greater(t, sent, 2000)
}
