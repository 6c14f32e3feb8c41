// Package apitest holds what REST answers to the OpenAPI document: each reply of a test must be one that the document
// has, to the field.
package apitest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/voidrelay/voidrelay/proto"
)

const (
	address     = "openapi.json"
	errorSchema = "/components/schemas/Error"
)

// document is the OpenAPI document, in which no object may have a field that it does not name.
type document struct {
	root     map[string]any
	compiler *jsonschema.Compiler

	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema
}

var load = sync.OnceValues(func() (*document, error) {
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(proto.OpenAPI))
	if err != nil {
		return nil, fmt.Errorf("apitest: %w", err)
	}
	closed(root)
	d := &document{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.root, _ = root.(map[string]any)
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource(address, root)
})

// closed forbids unknown fields wherever fields are named.
func closed(in any) {
	switch in := in.(type) {
	case []any:
		for _, one := range in {
			closed(one)
		}
	case map[string]any:
		if in["type"] == "object" && in["properties"] != nil && in["additionalProperties"] == nil {
			in["additionalProperties"] = false
		}
		for _, one := range in {
			closed(one)
		}
	}
}

// Check says in what an answer to a request is not as the document has it; nil where it is.
func Check(request *http.Request, status int, header http.Header, body []byte) error {
	d, err := load()
	if err != nil {
		return err
	}
	if request.Method == http.MethodOptions && status == http.StatusNoContent {
		return nil // a browser asks for itself
	}
	kind := header.Get("Content-Type")
	where := fmt.Sprintf("%s %s: %d %s", request.Method, request.URL.EscapedPath(), status, kind)
	place, err := d.schemaOf(request, status, kind)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if len(body) == 0 || kind == "text/event-stream" {
		return nil
	}
	schema, err := d.compile(place)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for text := range bytes.SplitSeq(bytes.TrimSpace(body), []byte("\n")) {
		if kind != "application/x-ndjson" {
			text = body
		}
		content, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if err := schema.Validate(content); err != nil {
			return fmt.Errorf("%s: %w\n%s", where, err, text)
		}
		if kind != "application/x-ndjson" {
			break
		}
	}
	return nil
}

func (d *document) compile(place string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if schema := d.compiled[place]; schema != nil {
		return schema, nil
	}
	schema, err := d.compiler.Compile(address + "#" + place)
	if err != nil {
		return nil, fmt.Errorf("apitest: %w", err)
	}
	d.compiled[place] = schema
	return schema, nil
}

// schemaOf is the place of the schema that an answer must fit. What no operation takes is refused in the form of
// errors.
func (d *document) schemaOf(request *http.Request, status int, kind string) (string, error) {
	path, operation := d.operation(request)
	if operation == nil {
		if status < http.StatusBadRequest {
			return "", fmt.Errorf("the document has no such operation")
		}
		return errorSchema, nil
	}
	responses, _ := operation["responses"].(map[string]any)
	response, _ := responses[strconv.Itoa(status)].(map[string]any)
	place := "/paths/" + escaped(path) + "/" + strings.ToLower(methodOf(request)) + "/responses/" + strconv.Itoa(status)
	switch {
	case status == http.StatusNotModified:
		return errorSchema, nil // it has no body
	case response == nil:
		return "", fmt.Errorf("the document has no such answer")
	}
	if reference, ok := response["$ref"].(string); ok {
		place = strings.TrimPrefix(reference, "#")
		components, _ := d.root["components"].(map[string]any)
		all, _ := components["responses"].(map[string]any)
		response, _ = all[reference[strings.LastIndex(reference, "/")+1:]].(map[string]any)
	}
	content, _ := response["content"].(map[string]any)
	if content[kind] == nil {
		return "", fmt.Errorf("the document has no answer of this type")
	}
	return place + "/content/" + escaped(kind) + "/schema", nil
}

var parameter = regexp.MustCompile(`\\\{[^}]+\\\}`)

// operation is what the document says of a request, at the path that names most of it.
func (d *document) operation(request *http.Request) (path string, operation map[string]any) {
	paths, _ := d.root["paths"].(map[string]any)
	literal := -1
	for template, item := range paths {
		item, _ := item.(map[string]any)
		found, _ := item[strings.ToLower(methodOf(request))].(map[string]any)
		quoted := regexp.QuoteMeta(template)
		pattern := "^" + parameter.ReplaceAllString(quoted, "[^/]+") + "$"
		if strings.HasSuffix(template, "{billNo}") {
			pattern = "^" + parameter.ReplaceAllString(quoted, ".+") + "$" // a number may have slashes
		}
		said := len(parameter.ReplaceAllString(quoted, ""))
		if found != nil && said > literal && regexp.MustCompile(pattern).MatchString(request.URL.EscapedPath()) {
			path, operation, literal = template, found, said
		}
	}
	return path, operation
}

func methodOf(request *http.Request) string {
	if request.Method == http.MethodHead {
		return http.MethodGet
	}
	return request.Method
}

// escaped is a word of a JSON pointer in the fragment of an address.
func escaped(word string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(word)
}

// Client is a client of REST every answer of which is held to the document; a watch is not, for it has no end.
func Client(t testing.TB) *http.Client { return &http.Client{Transport: checked{t}} }

type checked struct{ t testing.TB }

// RoundTrip implements http.RoundTripper.
func (c checked) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil || !strings.HasPrefix(request.URL.Path, "/v1/") || strings.HasSuffix(request.URL.Path, ":watch") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("apitest: %w", err)
	}
	if err := Check(request, response.StatusCode, response.Header, body); err != nil {
		c.t.Error(err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
