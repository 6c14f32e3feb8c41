package scheme

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// compiledSchema is schema.json as editors understand it: checked against the draft that it names, with its formats
// asserted.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("schema.json", document))
	schema, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	return schema
}

// validate checks a YAML document as an editor does, which knows JSON's kinds of value only.
func validate(t *testing.T, schema *jsonschema.Schema, document any) error {
	t.Helper()
	encoded, err := json.Marshal(document)
	require.NoError(t, err)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	require.NoError(t, err)
	return schema.Validate(instance)
}

// shippedScheme is the shipped document and its first scheme, to be broken.
func shippedScheme(t *testing.T) (document any, first map[string]any) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal(ShippedDocument(), &document))
	return document, document.(map[string]any)["schemes"].([]any)[0].(map[string]any)
}

func TestShippedFileKeepsToTheSchema(t *testing.T) {
	document, _ := shippedScheme(t)
	require.NoError(t, validate(t, compiledSchema(t), document))
}

// Each fault is one that Load refuses, too: an editor that lets it pass helps nobody.
func TestTheSchemaRefusesWhatLoadRefuses(t *testing.T) {
	schema := compiledSchema(t)
	for name, test := range map[string]struct {
		spoil func(scheme map[string]any)
		at    string
	}{
		"a key that nobody knows": {func(s map[string]any) { s["nmae"] = "x" }, "/schemes/0'"},
		"a name in capitals":      {func(s map[string]any) { s["name"] = "Assembly" }, "/schemes/0/name'"},
		"a duration in words": {
			func(s map[string]any) { s["incremental_interval"] = "soon" }, "/schemes/0/incremental_interval'",
		},
		"a trigger that there is not": {
			func(s map[string]any) { s["triggers"] = []any{"gone"} }, "/schemes/0/triggers/0'",
		},
		"a time without a zone": {
			func(s map[string]any) { s["effective_from"] = "2026-11-20 08:00" }, "/schemes/0/effective_from'",
		},
		"no warehouses": {
			func(s map[string]any) { s["warehouses"] = map[string]any{} }, "/schemes/0/warehouses'",
		},
		"a warehouse without an account": {
			func(s map[string]any) { s["warehouses"].(map[string]any)["CK9"] = map[string]any{"code": "WH"} },
			"/schemes/0/warehouses/CK9'",
		},
		"a limit of none": {
			func(s map[string]any) { s["safety_limits"] = map[string]any{"per_hour": 0} },
			"/schemes/0/safety_limits/per_hour'",
		},
		"nothing to read": {func(s map[string]any) { delete(s, "kingdee") }, "/schemes/0'"},
	} {
		t.Run(name, func(t *testing.T) {
			document, first := shippedScheme(t)
			require.NoError(t, load(t, document))
			test.spoil(first)
			require.ErrorContains(t, validate(t, schema, document), "at '"+test.at)
			require.Error(t, load(t, document))
		})
	}
}

// load hands the document to Load as a file.
func load(t *testing.T, document any) error {
	t.Helper()
	encoded, err := yaml.Marshal(document)
	require.NoError(t, err)
	_, err = Load(encoded, "schemes.yaml")
	return err
}
