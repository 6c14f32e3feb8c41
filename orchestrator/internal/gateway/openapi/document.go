package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// document is what is written, and what it is written from.
type document struct {
	*sources

	root, paths, schemas, failures object
	// known are the headers that some operations take.
	known object

	services []*protogen.Service
	// messages and reasonTexts are by name.
	messages    map[protoreflect.FullName]*protogen.Message
	reasonTexts map[string]string
	// answered are the messages that replies have, asked those of requests.
	answered, asked map[protoreflect.FullName]bool
	// unsaid is what nothing is said of.
	unsaid []string
}

func newDocument(s *sources, plugin *protogen.Plugin) *document {
	d := &document{
		sources: s, root: s.base,
		messages: map[protoreflect.FullName]*protogen.Message{}, reasonTexts: map[string]string{},
		answered: map[protoreflect.FullName]bool{}, asked: map[protoreflect.FullName]bool{},
	}
	d.paths, _ = d.root["paths"].(object)
	components, _ := d.root["components"].(object)
	d.schemas, _ = components["schemas"].(object)
	d.failures, _ = components["responses"].(object)
	d.known, _ = components["parameters"].(object)
	delete(components, "parameters") // each stands where it is taken
	for _, file := range plugin.Files {
		if file.Desc.Package() != ourPackage {
			continue
		}
		d.services = append(d.services, file.Services...)
		for _, message := range file.Messages {
			d.remember(message)
		}
		for _, enum := range file.Enums {
			if enum.Desc.Name() == "ErrorReason" {
				for _, value := range enum.Values {
					name := strings.TrimPrefix(string(value.Desc.Name()), "ERROR_REASON_")
					d.reasonTexts[name] = text(value.Comments)
				}
			}
		}
	}
	return d
}

func (d *document) remember(message *protogen.Message) {
	d.messages[message.Desc.FullName()] = message
	for _, inner := range message.Messages {
		d.remember(inner)
	}
}

func (d *document) build() error {
	for _, service := range d.services {
		for _, method := range service.Methods {
			d.reach(method.Output, d.answered)
			d.reach(method.Input, d.asked)
		}
	}
	var tags []any
	for _, service := range d.services {
		d.want(service.Comments, string(service.Desc.Name()))
		tags = append(tags, object{"name": tagOf(service), "description": text(service.Comments)})
		for _, method := range service.Methods {
			bound, ok := d.rules[string(method.Desc.FullName())]
			if !ok {
				return fmt.Errorf("openapi: %s has no rule in %s", method.Desc.FullName(), rulesFile)
			}
			if err := d.bind(service, method, bound, bound, ""); err != nil {
				return err
			}
			for _, more := range bound.More {
				if err := d.bind(service, method, bound, more, more.apart(bound)); err != nil {
					return err
				}
			}
		}
	}
	own, _ := d.root["tags"].([]any)
	d.root["tags"] = append(tags, own...)
	if len(d.unsaid) > 0 {
		return fmt.Errorf("openapi: a comment is missing on %s", strings.Join(d.unsaid, ", "))
	}
	return nil
}

// want notes what nothing is said of.
func (d *document) want(comments protogen.CommentSet, name string) {
	if text(comments) == "" && !slices.Contains(d.unsaid, name) {
		d.unsaid = append(d.unsaid, name)
	}
}

func (r rule) path() string { return cmp.Or(r.Get, r.Post) }

func (r rule) method() string {
	if r.Get != "" {
		return "get"
	}
	return "post"
}

var variable = regexp.MustCompile(`\{([a-z_]+)(?:=[^}]*)?\}`)

// variables are the fields that the path gives.
func (r rule) variables() (names []string) {
	for _, match := range variable.FindAllStringSubmatch(r.path(), -1) {
		names = append(names, match[1])
	}
	return names
}

// apart is what tells the operation of a further binding from that of the first: OfScheme, or ByGet.
func (r rule) apart(first rule) string {
	for _, name := range r.variables() {
		if !slices.Contains(first.variables(), name) {
			return "Of" + upper(camel(name))
		}
	}
	return "By" + upper(r.method())
}

func (d *document) bind(service *protogen.Service, method *protogen.Method, first, bound rule, apart string) error {
	name := string(method.Desc.Name())
	key := string(service.Desc.Name()) + "." + name
	role, ok := d.roles[key]
	if !ok {
		return fmt.Errorf("openapi: %s says of no role that it may call %s", needsFile, key)
	}
	d.want(method.Comments, key)
	said := strings.TrimSpace(strings.TrimPrefix(text(method.Comments), name))
	rpc := strings.Replace(key, ".", "/", 1)
	operation := object{
		"operationId": lower(name) + apart,
		"tags":        []any{tagOf(service)},
		"summary":     summary(said),
		"description": upper(said) + "\n\nRole: `" + role + "`. gRPC: `" + ourPackage + "." + key + "`.",
		"security":    []any{object{"token": []any{role}}, object{"certificate": []any{role}}, object{}},
		"responses":   d.responses(method, cmp.Or(bound.ResponseBody, first.ResponseBody), rpc),
	}
	parameters := d.pathParameters(method.Input, bound)
	if bound.Get != "" {
		parameters = append(parameters, d.queryParameters(method.Input, "", bound.variables())...)
	} else {
		inPath := bound.variables()
		content := object{"schema": d.bodySchema(method.Input, inPath)}
		if example := d.request(rpc, append(camels(inPath), inPath...)); example != nil {
			content["example"] = d.fit(content["schema"], example)
		}
		operation["requestBody"] = object{"required": true, "content": object{"application/json": content}}
	}
	parameters = append(parameters, d.headers(method)...)
	if len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	path := variable.ReplaceAllStringFunc(bound.path(), func(found string) string {
		return "{" + camel(variable.FindStringSubmatch(found)[1]) + "}"
	})
	item, _ := d.paths[path].(object)
	if item == nil {
		item = object{}
		d.paths[path] = item
	}
	item[bound.method()] = operation
	return nil
}

// headers are what an operation takes beside its request.
func (d *document) headers(method *protogen.Method) []any {
	switch {
	case method.Desc.IsStreamingServer():
		return []any{d.known["LastEventID"]}
	case isOne(method):
		return []any{d.known["IfNoneMatch"]}
	case fieldNamed(method.Input, "request_id") != nil && d.rules[string(method.Desc.FullName())].Post != "":
		return []any{d.known["IdempotencyKey"]}
	}
	return nil
}

// isOne says that a method answers one thing, which has an ETag, and no list.
func isOne(method *protogen.Method) bool { return strings.HasPrefix(string(method.Desc.Name()), "Get") }

func (d *document) responses(method *protogen.Method, unwrapped, rpc string) object {
	var schema object
	if unwrapped != "" {
		schema = d.fieldSchema(fieldNamed(method.Output, unwrapped), false)
	} else {
		schema = d.reference(method.Output, false)
	}
	content := object{"schema": schema}
	if example := d.example(rpc); example != nil {
		content["example"] = example
	}
	kinds := object{"application/json": content}
	headers := object{"X-Request-Id": object{"$ref": "#/components/headers/RequestID"}}
	if method.Desc.IsStreamingServer() {
		kinds = object{
			"application/x-ndjson": content,
			"text/event-stream": object{"schema": object{
				"type":        "string",
				"description": "Events of the same content, each with its token as `id` and itself as JSON in `data`.",
			}},
		}
	}
	answers := object{"200": object{"description": "What was asked for.", "headers": headers, "content": kinds}}
	if isOne(method) {
		headers["ETag"] = object{"$ref": "#/components/headers/ETag"}
		answers["304"] = object{"description": "Not Modified: the caller has it already."}
	}
	found := d.reasons(rpc)
	usual := map[int][]string{
		400: {"REQUEST_INVALID"}, 401: {"UNAUTHENTICATED"}, 403: {"NOT_ALLOWED"}, 429: {"TOO_MANY_CALLS"},
		500: {"INTERNAL"}, 503: {"STORE_UNAVAILABLE", "INTERNAL"}, 504: {"DEADLINE_EXCEEDED"},
	}
	switch {
	case method.Desc.IsStreamingServer():
		usual[400] = append(usual[400], "EVENT_TOKEN_INVALID", "EVENT_TOKEN_STALE")
		usual[429] = append(usual[429], "TOO_MANY_WATCHES")
	case fieldNamed(method.Input, "request_id") != nil:
		usual[409] = []string{"REQUEST_ID_REUSED", "REQUEST_UNDER_WAY"}
	}
	if fieldNamed(method.Input, "scheme") != nil {
		usual[404] = []string{"SCHEME_NOT_FOUND"}
	}
	if d.rules[string(method.Desc.FullName())].Get == "" {
		usual[413] = []string{"REQUEST_INVALID"}
	}
	for code, reasons := range merged(usual, found) {
		answer := d.failure(code, reasons)
		if shared[code] != "" && slices.Equal(reasons, usual[code]) && !method.Desc.IsStreamingServer() {
			d.failures[shared[code]] = answer
			answer = object{"$ref": "#/components/responses/" + shared[code]}
		}
		answers[strconv.Itoa(code)] = answer
	}
	return answers
}

// shared are the failures that are the same for nearly every operation, by HTTP status.
var shared = map[int]string{
	401: "Unauthenticated", 403: "NotAllowed", 413: "TooLarge", 429: "TooManyCalls", 500: "Internal",
	503: "Unavailable", 504: "TooLate",
}

// merged is what either has, without repetitions.
func merged(a, b map[int][]string) map[int][]string {
	all := maps.Clone(a)
	for code, reasons := range b {
		for _, reason := range reasons {
			if !slices.Contains(all[code], reason) {
				all[code] = append(slices.Clone(all[code]), reason)
			}
		}
	}
	return all
}

// failure is the answer with an error, and the reasons that it has.
func (d *document) failure(code int, reasons []string) object {
	said := []string{http.StatusText(code) + ". The `reason` is one of:", ""}
	for _, reason := range reasons {
		said = append(said, "- `"+reason+"`: "+d.reasonTexts[reason])
	}
	headers := object{"X-Request-Id": object{"$ref": "#/components/headers/RequestID"}}
	switch code {
	case http.StatusTooManyRequests:
		headers["Retry-After"] = object{"$ref": "#/components/headers/RetryAfter"}
	case http.StatusUnauthorized:
		headers["WWW-Authenticate"] = object{"$ref": "#/components/headers/WWWAuthenticate"}
	}
	return object{
		"description": strings.Join(said, "\n"), "headers": headers,
		"content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}},
	}
}

func (d *document) pathParameters(message *protogen.Message, bound rule) []any {
	var parameters []any
	for _, name := range bound.variables() {
		field := fieldNamed(message, name)
		schema := d.fieldSchema(field, true)
		parameters = append(parameters, object{
			"name": camel(name), "in": "path", "required": true, "schema": schema, "description": d.said(field),
		})
	}
	return parameters
}

// queryParameters are the fields of a request, and below a dot those of a message in it.
func (d *document) queryParameters(message *protogen.Message, prefix string, inPath []string) []any {
	var parameters []any
	for _, field := range message.Fields {
		name := string(field.Desc.Name())
		switch {
		case prefix == "" && slices.Contains(inPath, name), field.Desc.IsMap():
			continue
		case ours(field):
			parameters = append(parameters, d.queryParameters(field.Message, prefix+camel(name)+".", nil)...)
			continue
		}
		parameter := object{
			"name": prefix + camel(name), "in": "query", "schema": d.fieldSchema(field, true),
			"description": d.said(field),
		}
		if required(field) && prefix == "" {
			parameter["required"] = true
		}
		parameters = append(parameters, parameter)
	}
	return parameters
}

func tagOf(service *protogen.Service) string {
	return strings.TrimSuffix(string(service.Desc.Name()), "Service")
}

// ours says that a field is one message of the contracts.
func ours(field *protogen.Field) bool {
	return field.Message != nil && !field.Desc.IsList() && !field.Desc.IsMap() &&
		field.Message.Desc.ParentFile().Package() == ourPackage
}

func fieldNamed(message *protogen.Message, name string) *protogen.Field {
	for _, field := range message.Fields {
		if string(field.Desc.Name()) == name {
			return field
		}
	}
	return nil
}
