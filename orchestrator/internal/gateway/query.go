package gateway

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// strictQuery reads query parameters as grpc-gateway does, but refuses what that would ignore: a name that the request
// does not have, one that the path gives already, and the same field twice under both of its spellings.
type strictQuery struct{}

// Parse puts the parameters into request. Fields of the request can be named, and those of a message in it after a dot,
// as filter.bill_no.
func (strictQuery) Parse(request proto.Message, values url.Values, inPath *utilities.DoubleArray) error {
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		field, path := parameterOf(request.ProtoReflect().Descriptor(), strings.Split(key, "."))
		if field == nil {
			return fault{key, "there is no such parameter"}
		}
		name := strings.Join(path, ".")
		switch {
		case inPath.HasCommonPrefix(path):
			return fault{key, "is given by the path"}
		case seen[name]:
			return fault{key, "is given twice"}
		case slices.ContainsFunc(values[key], func(v string) bool { return !utf8.ValidString(v) }):
			return fault{key, "is not UTF-8"}
		}
		seen[name] = true
		if (&runtime.DefaultQueryParser{}).Parse(request, url.Values{key: values[key]}, inPath) != nil {
			return fault{key, "cannot be read as " + kindOf(field)}
		}
	}
	return nil
}

// parameterOf is the field that a parameter names by either spelling, and its path as the contract spells it; nil where
// there is none.
func parameterOf(message protoreflect.MessageDescriptor, names []string) (protoreflect.FieldDescriptor, []string) {
	field := message.Fields().ByName(protoreflect.Name(names[0]))
	if field == nil {
		field = message.Fields().ByJSONName(names[0])
	}
	if field == nil {
		return nil, nil
	}
	path := []string{string(field.Name())}
	if len(names) == 1 {
		return field, path
	}
	if field.Message() == nil || field.IsList() || field.Message().ParentFile().Package() != ourPackage {
		return nil, nil
	}
	inner, rest := parameterOf(field.Message(), names[1:])
	return inner, append(path, rest...)
}
