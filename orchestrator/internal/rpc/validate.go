package rpc

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/internal/serve"
)

// storable refuses what the .proto files allow and Postgres does not: a text with NUL, or a time outside of the years 1
// to 9999.
func storable(request proto.Message) error { return storableFields(request.ProtoReflect(), "") }

// storableFields looks at every text and time of a message, and of the messages in it.
func storableFields(message protoreflect.Message, path string) error {
	var fault error
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := path + string(field.Name())
		switch {
		case field.IsMap():
		case field.IsList():
			for i := range value.List().Len() {
				if fault == nil {
					fault = storableValue(field, value.List().Get(i), name)
				}
			}
		default:
			fault = storableValue(field, value, name)
		}
		return fault == nil
	})
	return fault
}

func storableValue(field protoreflect.FieldDescriptor, value protoreflect.Value, name string) error {
	if field.Kind() == protoreflect.StringKind && strings.ContainsRune(value.String(), 0) {
		return &serve.InvalidRequest{Field: name, Text: "must not contain NUL"}
	}
	if field.Message() == nil {
		return nil
	}
	if at, ok := value.Message().Interface().(*timestamppb.Timestamp); ok {
		if at.CheckValid() != nil {
			return &serve.InvalidRequest{Field: name, Text: "is no time between the years 1 and 9999"}
		}
		return nil
	}
	return storableFields(value.Message(), name+".")
}
