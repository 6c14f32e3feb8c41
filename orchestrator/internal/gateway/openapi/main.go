// Command openapi is the protoc plugin that writes proto/gen/openapi.json, the OpenAPI 3.1 document of the REST face.
// It says what the contracts, their comments and rules say, and takes the rest from where that is kept: paths from
// gateway.yaml, who may call what from the table of needs, which errors there are and what replies look like from the
// gateway's API cases. It refuses a parameter, field or method that nothing is said of.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/pluginpb"
)

// Where the other sources lie, from the root of the repository, where buf runs its plugins.
const (
	baseFile  = "proto/openapi.yaml"
	rulesFile = "proto/gateway.yaml"
	needsFile = "orchestrator/internal/rpc/needs.go"
	casesFile = "orchestrator/internal/gateway/testdata/api.yaml"
	replies   = "orchestrator/internal/gateway/testdata/replies"

	ourPackage = "orchestrator.v1"
)

// object is a JSON object.
type object = map[string]any

func main() {
	protogen.Options{}.Run(func(plugin *protogen.Plugin) error {
		plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		s, err := readSources()
		if err != nil {
			return err
		}
		d := newDocument(s, plugin)
		if err := d.build(); err != nil {
			return err
		}
		text, err := json.MarshalIndent(d.root, "", " ")
		if err != nil {
			return fmt.Errorf("openapi: %w", err)
		}
		_, err = plugin.NewGeneratedFile("openapi.json", "").Write(append(text, '\n'))
		return err
	})
}

// sources is what is not in the contracts.
type sources struct {
	base object
	// rules are the HTTP rules by full method.
	rules map[string]rule
	// roles are by Service.Method.
	roles map[string]string
	// cases are by Service/Method.
	cases map[string][]apiCase
}

// rule is one of gateway.yaml.
type rule struct {
	Selector     string
	Get, Post    string
	Body         string
	ResponseBody string `yaml:"response_body"`
	More         []rule `yaml:"additional_bindings"`
}

// apiCase is what counts here of a case of the gateway's tests.
type apiCase struct {
	Name    string
	RPC     string `yaml:"rpc"`
	HTTP    string `yaml:"http"`
	Request object
	Error   *struct {
		HTTP   int `yaml:"http"`
		Reason string
	}
}

var needOf = regexp.MustCompile(`v1\.([A-Za-z]+)_([A-Za-z]+)_FullMethodName:\s+\{Role: access\.([A-Z][a-z]+)\}`)

func readSources() (*sources, error) {
	s := &sources{rules: map[string]rule{}, roles: map[string]string{}, cases: map[string][]apiCase{}}
	var bindings struct {
		HTTP struct{ Rules []rule } `yaml:"http"`
	}
	var cases []apiCase
	needs, err := os.ReadFile(needsFile)
	if err := errors.Join(err, readYAML(baseFile, &s.base), readYAML(rulesFile, &bindings),
		readYAML(casesFile, &cases)); err != nil {
		return nil, err
	}
	for _, r := range bindings.HTTP.Rules {
		s.rules[r.Selector] = r
	}
	for _, match := range needOf.FindAllStringSubmatch(string(needs), -1) {
		s.roles[match[1]+"."+match[2]] = strings.ToLower(match[3])
	}
	for _, c := range cases {
		s.cases[c.RPC] = append(s.cases[c.RPC], c)
	}
	return s, nil
}

func readYAML(path string, into any) error {
	text, err := os.ReadFile(path) //nolint:gosec // one of ours
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("openapi: %s: %w", path, err)
	}
	return nil
}

// example is the reply that the tests expect of the first case of an RPC; nil where there is none. What the clock says
// stands in it as a time.
func (s *sources) example(rpc string) any {
	for _, c := range s.cases[rpc] {
		if c.Error != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join(replies, c.Name+".json"))
		if err != nil {
			continue
		}
		var reply any
		shown := strings.ReplaceAll(string(text), `"(now)"`, `"2026-11-20T02:00:00Z"`)
		if json.Unmarshal([]byte(shown), &reply) == nil {
			return reply
		}
	}
	return nil
}

// request is the content that the tests send with the first case of an RPC, without what the path gives.
func (s *sources) request(rpc string, inPath []string) any {
	for _, c := range s.cases[rpc] {
		if c.Error != nil || len(c.Request) == 0 {
			continue
		}
		sent := object{}
		for name, value := range c.Request {
			if !slices.Contains(inPath, name) {
				sent[name] = value
			}
		}
		return sent
	}
	return nil
}

// reasons are the errors that the tests meet of an RPC, by HTTP status.
func (s *sources) reasons(rpc string) map[int][]string {
	found := map[int][]string{}
	for _, c := range s.cases[rpc] {
		if c.Error != nil && c.Error.HTTP != 0 && !slices.Contains(found[c.Error.HTTP], c.Error.Reason) {
			found[c.Error.HTTP] = append(found[c.Error.HTTP], c.Error.Reason)
		}
	}
	return found
}
