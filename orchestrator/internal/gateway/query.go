package gateway

import (
	"maps"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// strictQuery reads query parameters as grpc-gateway does, but refuses what that would ignore: a name that the request
// does not have, one that the path gives already, and the same field twice under both of its spellings.
type strictQuery struct{}

// Parse puts the parameters into request. Only top-level fields can be named.
func (strictQuery) Parse(request proto.Message, values url.Values, inPath *utilities.DoubleArray) error {
	fields := request.ProtoReflect().Descriptor().Fields()
	seen := map[protoreflect.Name]bool{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		field := fields.ByName(protoreflect.Name(key))
		if field == nil {
			field = fields.ByJSONName(key)
		}
		if field == nil {
			return fault{key, "there is no such parameter"}
		}
		name := string(field.Name())
		switch {
		case inPath.HasCommonPrefix([]string{name}):
			return fault{name, "is given by the path"}
		case seen[field.Name()]:
			return fault{name, "is given twice"}
		case slices.ContainsFunc(values[key], func(v string) bool { return !utf8.ValidString(v) }):
			return fault{name, "is not UTF-8"}
		}
		seen[field.Name()] = true
		if (&runtime.DefaultQueryParser{}).Parse(request, url.Values{key: values[key]}, inPath) != nil {
			return fault{name, "cannot be read as " + kindOf(field)}
		}
	}
	return nil
}
