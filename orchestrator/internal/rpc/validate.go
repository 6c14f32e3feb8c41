package rpc

import (
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// validate refuses a request that breaks a rule of the .proto files, or that could not be stored or compared: a text with NUL,
// which Postgres does not know, or a time outside of the years 1 to 9999.
func validate(validator protovalidate.Validator, message any) error {
	request, ok := message.(proto.Message)
	if !ok {
		return nil
	}
	if err := validator.Validate(request); err != nil {
		return err
	}
	return storable(request.ProtoReflect(), "")
}

// storable looks at every text and time of a message, and of the messages in it.
func storable(message protoreflect.Message, path string) error {
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
		return &badRequest{field: name, text: "must not contain NUL"}
	}
	if field.Message() == nil {
		return nil
	}
	if at, ok := value.Message().Interface().(*timestamppb.Timestamp); ok {
		if at.CheckValid() != nil {
			return &badRequest{field: name, text: "is no time between the years 1 and 9999"}
		}
		return nil
	}
	return storable(value.Message(), name+".")
}
