package gateway_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1" // for the registry
)

// apiCase is one entry of testdata/api.yaml.
type apiCase struct {
	Name     string
	RPC      string `yaml:"rpc"`
	Request  map[string]any
	HTTP     string `yaml:"http"`
	Body     string
	Unwrap   string
	Volatile []string
	Error    *apiError
}

type apiError struct {
	Code     string
	HTTP     int `yaml:"http"`
	Reason   string
	Metadata map[string]string
	// Field is how the REST call spells the field, where that is not as replies do.
	Field string
}

var underscored = regexp.MustCompile("_[a-z]")

// byREST is the error as the REST call has it.
func (e apiError) byREST() *apiError {
	if field := e.Metadata["field"]; field != "" {
		e.Metadata = maps.Clone(e.Metadata)
		e.Metadata["field"] = cmp.Or(e.Field, underscored.ReplaceAllStringFunc(field, func(found string) string {
			return strings.ToUpper(found[1:])
		}))
	}
	return &e
}

func apiCases(t *testing.T) []apiCase {
	t.Helper()
	content, err := os.ReadFile("testdata/api.yaml")
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var cases []apiCase
	require.NoError(t, decoder.Decode(&cases))
	return cases
}

func TestAPIByGRPC(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	token := ""
	for _, c := range apiCases(t) {
		if c.RPC == "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			request, reply := messages(t, c.RPC)
			require.NoError(t, protojson.Unmarshal([]byte(c.requestJSON(t, token)), request))
			err := f.conn.Invoke(t.Context(), "/orchestrator.v1."+c.RPC, request, reply)
			if c.Error != nil {
				requireStatus(t, c.Error, status.Convert(err))
				return
			}
			require.NoError(t, err)
			content, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(reply)
			require.NoError(t, err)
			token = c.requireReply(t, string(content), token, true)
		})
	}
	require.Equal(t, []string{"assembly incremental", "assembly reconcile"}, f.starter.asked,
		"the repeated calls start nothing more")
	require.Equal(t, []int64{11, 12, 8}, f.starter.filled, "two begun, one plan applied, nothing twice")
}

func TestAPIByREST(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	token := ""
	for _, c := range apiCases(t) {
		if c.HTTP == "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			body := c.Body
			if body == "" && strings.HasPrefix(c.HTTP, "POST") && c.RPC != "" {
				body = c.requestJSON(t, token)
			}
			response, content := f.call(t, strings.ReplaceAll(c.HTTP, "{{token}}", token), body, nil)
			require.Equal(t, "application/json", response.Header.Get("Content-Type"))
			if c.Error != nil {
				require.Equal(t, c.Error.HTTP, response.StatusCode, content)
				requireStatus(t, c.Error.byREST(), statusOf(t, content))
				return
			}
			require.Equal(t, 200, response.StatusCode, content)
			token = c.requireReply(t, content, token, false)
		})
	}
	require.Equal(t, []string{"assembly incremental", "assembly reconcile"}, f.starter.asked,
		"the repeated calls start nothing more")
	require.Equal(t, []int64{11, 12, 8}, f.starter.filled, "two begun, one plan applied, nothing twice")
}

func (c apiCase) requestJSON(t *testing.T, token string) string {
	content, err := json.Marshal(c.Request)
	require.NoError(t, err)
	return strings.ReplaceAll(string(content), "{{token}}", token)
}

// requireReply compares a reply with the expected one, and answers the page token to go on with.
func (c apiCase) requireReply(t *testing.T, content, token string, wrapped bool) string {
	t.Helper()
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(content), &got))
	if wrapped && c.Unwrap != "" {
		got = got[c.Unwrap].(map[string]any)
	}
	veilAges(got)
	for _, path := range c.Volatile {
		veil(t, got, strings.Split(path, "."))
	}
	file := filepath.Join("testdata", "replies", c.Name+".json")
	if *update {
		var pretty bytes.Buffer
		encoder := json.NewEncoder(&pretty)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		require.NoError(t, encoder.Encode(got))
		require.NoError(t, os.WriteFile(file, pretty.Bytes(), 0o600))
	}
	expected, err := os.ReadFile(file)
	require.NoError(t, err)
	var want map[string]any
	require.NoError(t, json.Unmarshal(expected, &want))
	require.Empty(t, gocmp.Diff(want, got))
	if next, _ := got["nextPageToken"].(string); next != "" {
		return next
	}
	return token
}

// veil hides a time that the clock set, but wants it there.
// veilAges veils, wherever they stand, the times that say how old what the ledger knows is: rows of tests were read
// just now.
func veilAges(in any) {
	switch in := in.(type) {
	case []any:
		for _, one := range in {
			veilAges(one)
		}
	case map[string]any:
		for key, value := range in {
			if text, ok := value.(string); ok && text != "" && (key == "lastRunTime" || key == "asOfTime") {
				in[key] = "(now)"
			}
			veilAges(value)
		}
	}
}

func veil(t *testing.T, in map[string]any, path []string) {
	t.Helper()
	if len(path) > 2 {
		if list, ok := in[path[0]].([]any); ok {
			at, err := strconv.Atoi(path[1])
			require.NoError(t, err)
			veil(t, list[at].(map[string]any), path[2:])
			return
		}
	}
	if len(path) > 1 {
		veil(t, in[path[0]].(map[string]any), path[1:])
		return
	}
	require.Contains(t, in, path[0])
	in[path[0]] = "(now)"
}

func requireStatus(t *testing.T, want *apiError, got *status.Status) {
	t.Helper()
	require.Equal(t, want.Code, code.Code(got.Code()).String(), got.Message())
	require.Len(t, got.Details(), 1)
	info, ok := got.Details()[0].(*errdetails.ErrorInfo)
	require.True(t, ok)
	require.Equal(t, []string{"orchestrator", want.Reason}, []string{info.GetDomain(), info.GetReason()}, got.Message())
	require.Equal(t, want.Metadata, info.GetMetadata(), got.Message())
	require.NotEmpty(t, got.Message())
}

func statusOf(t *testing.T, content string) *status.Status {
	t.Helper()
	st := status.New(0, "").Proto()
	require.NoError(t, protojson.Unmarshal([]byte(content), st), content)
	return status.FromProto(st)
}

// messages makes an empty request and reply of "Service/Method".
func messages(t *testing.T, method string) (request, reply proto.Message) {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(
		protoreflect.FullName("orchestrator.v1." + strings.ReplaceAll(method, "/", ".")),
	)
	require.NoError(t, err)
	descriptor := found.(protoreflect.MethodDescriptor)
	empty := func(name protoreflect.FullName) proto.Message {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
		require.NoError(t, err)
		return kind.New().Interface()
	}
	return empty(descriptor.Input().FullName()), empty(descriptor.Output().FullName())
}
