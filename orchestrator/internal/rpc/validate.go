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
	var fault error
	request.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() == protoreflect.StringKind && !field.IsList() && strings.ContainsRune(value.String(), 0):
			fault = &badRequest{field: string(field.Name()), text: "must not contain NUL"}
		case field.Message() != nil && !field.IsList() && !field.IsMap():
			if at, ok := value.Message().Interface().(*timestamppb.Timestamp); ok && at.CheckValid() != nil {
				fault = &badRequest{field: string(field.Name()), text: "is no time between the years 1 and 9999"}
			}
		}
		return fault == nil
	})
	return fault
}
