package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// strictJSON reads a body as one JSON object whose every field the request has, and says which field is wrong. (protojson says so
// too, but in words that it promises to keep changing.)
type strictJSON struct{ runtime.JSONPb }

// NewDecoder reads the whole body.
func (s *strictJSON) NewDecoder(body io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(target any) error {
		raw, err := io.ReadAll(body)
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return fault{"body", fmt.Sprintf("is larger than %d bytes", large.Limit)}
		case err != nil:
			return fault{"body", "did not arrive"}
		case len(bytes.TrimSpace(raw)) == 0:
			return io.EOF
		}
		request, ok := target.(proto.Message)
		if !ok {
			return fmt.Errorf("body of type %T", target)
		}
		if err := protojson.Unmarshal(raw, request); err != nil {
			return explain(raw, request, err)
		}
		return nil
	})
}

// explain finds the field that cannot be read, by reading them one at a time.
func explain(raw []byte, request proto.Message, cause error) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fault{"body", "is not a JSON object: " + err.Error()}
	}
	known := request.ProtoReflect().Descriptor().Fields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if known.ByJSONName(name) == nil && known.ByName(protoreflect.Name(name)) == nil {
			return fault{name, "there is no such field"}
		}
		alone, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err != nil {
			return fault{name, "cannot be read"}
		}
		if protojson.Unmarshal(alone, request.ProtoReflect().New().Interface()) != nil {
			return fault{name, "cannot be read as " + kindOf(known, name)}
		}
	}
	return fault{"body", cause.Error()}
}

// kindOf names what a field takes.
func kindOf(known protoreflect.FieldDescriptors, name string) string {
	field := known.ByJSONName(name)
	if field == nil {
		field = known.ByName(protoreflect.Name(name))
	}
	kind := field.Kind().String()
	if field.Enum() != nil {
		kind = string(field.Enum().FullName())
	}
	if field.IsList() {
		return "a list of " + kind
	}
	return kind
}
