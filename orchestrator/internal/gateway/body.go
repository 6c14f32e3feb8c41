package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/voidrelay/voidrelay/internal/visible"
)

// strictJSON reads a body as one JSON object whose every field the request has, and says which field is wrong.
// (protojson says so too, but in words that it promises to keep changing.)
type strictJSON struct{ runtime.JSONPb }

// Marshal leaves nothing in texts that a terminal would not show: people look at replies there.
func (s *strictJSON) Marshal(reply any) ([]byte, error) {
	text, err := s.JSONPb.Marshal(reply)
	return visible.JSON(text), err
}

// NewDecoder reads the whole body.
func (s *strictJSON) NewDecoder(body io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(target any) error {
		raw, err := io.ReadAll(body)
		switch {
		case tooLarge(err):
			return fault{"body", fmt.Sprintf("is larger than %d bytes", maxBody)}
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
			return explain(raw, request)
		}
		return nil
	})
}

// explain finds the field that cannot be read, by reading them one at a time.
func explain(raw []byte, request proto.Message) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fault{"body", "is not one JSON object"}
	}
	known := request.ProtoReflect().Descriptor().Fields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field := known.ByJSONName(name)
		if field == nil {
			field = known.ByName(protoreflect.Name(name))
		}
		if field == nil {
			return fault{name, "there is no such field"}
		}
		alone, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err != nil {
			return fault{name, "cannot be read"}
		}
		if protojson.Unmarshal(alone, request.ProtoReflect().New().Interface()) != nil {
			return within(name, fields[name], field)
		}
	}
	return fault{"body", "has the same field twice, or two that exclude each other"}
}

// within says what is wrong with a field of that name: which field of it, when it is a message of ours.
func within(name string, raw json.RawMessage, field protoreflect.FieldDescriptor) error {
	if inner := field.Message(); inner == nil || field.IsList() ||
		field.IsMap() || inner.ParentFile().Package() != ourPackage {
		return fault{name, "cannot be read as " + kindOf(field)}
	}
	var deeper fault
	if errors.As(explain(raw, dynamicpb.NewMessage(field.Message())), &deeper) && deeper.field != "body" {
		return fault{name + "." + deeper.field, deeper.text}
	}
	return fault{name, "cannot be read as " + kindOf(field)}
}

const ourPackage = "orchestrator.v1"

// kindOf names what a field takes.
func kindOf(field protoreflect.FieldDescriptor) string {
	kind := field.Kind().String()
	switch {
	case field.Enum() != nil:
		kind = "one of"
		for i := range field.Enum().Values().Len() {
			if value := field.Enum().Values().Get(i); value.Number() != 0 {
				kind += " " + string(value.Name())
			}
		}
	case field.Message() != nil && field.Message().FullName() == "google.protobuf.Timestamp":
		kind = "a time such as 2026-11-26T08:00:00Z"
	case field.Message() != nil && field.Message().FullName() == "google.protobuf.Duration":
		kind = "a duration such as 90s"
	case field.Message() != nil:
		kind = "an object"
	}
	if field.IsList() {
		return "a list of " + kind
	}
	return kind
}
