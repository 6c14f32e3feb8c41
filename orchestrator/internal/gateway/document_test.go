package gateway_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
	"github.com/voidrelay/voidrelay/proto"
)

// The page needs no other host, may reach none, and says nothing before its reader is known.
func TestTheDocumentHasAPageOfItsOwn(t *testing.T) {
	f := setup(t, two(t))
	elsewhere := regexp.MustCompile(`(src|href|url)\s*[=(]\s*["']?\s*(https?:)?//`)
	for path, kind := range map[string]string{
		"/docs": "text/html", "/docs/page.js": "text/javascript", "/docs/swagger-ui-bundle.js": "text/javascript",
		"/docs/swagger-ui.css": "text/css",
	} {
		response, content := f.call(t, "GET "+path, "", nil)
		require.Equal(t, 200, response.StatusCode, path)
		require.Equal(t, kind+"; charset=utf-8", response.Header.Get("Content-Type"), path)
		policy := response.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", path)
		require.NotContains(t, policy, "http", path)
		if !strings.HasSuffix(path, "bundle.js") { // in that they are words of texts and of XML
			require.NotRegexp(t, elsewhere, content, path)
		}
		require.NotContains(t, content, "/v1/", path)
		response, _ = f.call(t, "POST "+path, "", nil)
		require.Equal(t, 405, response.StatusCode, path)
	}
	for _, needed := range []string{"docs/page.js", "docs/swagger-ui-bundle.js", "docs/swagger-ui.css"} {
		_, content := f.call(t, "GET /docs", "", nil)
		require.Contains(t, content, `"`+needed+`"`)
	}
	response, _ := f.call(t, "GET /openapi.json", "", nil)
	require.Equal(t, 401, response.StatusCode, "the document itself is for who is known")
	response, _ = f.call(t, "GET /docs/other", "", nil)
	require.Equal(t, 401, response.StatusCode)
}

// What makes a document worth having: who may call, a text on every parameter and field, names that read well.
func TestTheDocumentSaysWhatAClientNeeds(t *testing.T) {
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary, Description string
			Security                          []map[string][]string
			Parameters                        []struct{ Name, Description string }
			Responses                         map[string]any
		}
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]struct{ Description string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(proto.OpenAPI, &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	ids := map[string]bool{}
	for path, item := range document.Paths {
		for _, o := range item {
			require.NotEmpty(t, o.Summary, path)
			require.Regexp(t, "^[a-z][A-Za-z]+$", o.OperationID, "no numbers")
			require.False(t, ids[o.OperationID], o.OperationID)
			ids[o.OperationID] = true
			for _, parameter := range o.Parameters {
				require.NotEmpty(t, parameter.Description, "%s %s", path, parameter.Name)
			}
			if strings.HasPrefix(path, "/v1/") {
				require.Contains(t, o.Responses, "403", path)
			}
		}
	}
	for name, schema := range document.Components.Schemas {
		for field, property := range schema.Properties {
			require.NotEmpty(t, property.Description, "%s.%s", name, field)
		}
	}
	require.Equal(t, []map[string][]string{{"token": {"admin"}}, {"certificate": {"admin"}}, {}},
		document.Paths["/v1/schemes:apply"]["post"].Security)
	require.Contains(t, document.Components.Schemas["Bill"].Required, "billNo")
	require.NotContains(t, document.Components.Schemas["Bill"].Required, "approveTime", "it may be absent")
}

// A reply that the document does not have is noticed.
func TestAReplyWithAFieldTooManyIsNoticed(t *testing.T) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/ledger", nil)
	require.NoError(t, err)
	kind := http.Header{"Content-Type": {"application/json"}}
	reply := `{"remembers": true, "seenEventNumber": "1"`
	require.NoError(t, apitest.Check(request, 200, kind, []byte(reply+`}`)))
	for _, wrong := range []string{
		reply + `, "more": 1}`, `{"remembers": true}`, `{"remembers": "yes", "seenEventNumber": "1"}`,
		`{"remembers": true, "seenEventNumber": 1}`,
	} {
		require.Error(t, apitest.Check(request, 200, kind, []byte(wrong)), wrong)
	}
	require.Error(t, apitest.Check(request, 418, kind, []byte(reply+`}`)))
}
