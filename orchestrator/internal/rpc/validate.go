package rpc

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/visible"
)

// storable refuses what the .proto files allow and Postgres does not: a text with NUL, or a time outside of the years 1
// to 9999. Of a person's own words it refuses controls, too.
func storable(request proto.Message) error { return storableFields(request.ProtoReflect(), "") }

// storableFields asking at every text and time of a message, and of the messages in it.
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

// personal are the fields with words of a person's own, which nobody writes with a control in them.
var personal = map[protoreflect.Name]bool{"reason": true, "request_id": true}

func storableText(text string, field protoreflect.Name, name string) error {
	switch i := strings.IndexFunc(text, visible.Control); {
	case strings.ContainsRune(text, 0):
		return &serve.InvalidRequest{Field: name, Text: "must not contain NUL"}
	case personal[field] && i >= 0:
		r, _ := utf8.DecodeRuneInString(text[i:])
		return &serve.InvalidRequest{Field: name, Text: fmt.Sprintf("must not contain the control %U (不能含控制字符)", r)}
	}
	return nil
}

func storableValue(field protoreflect.FieldDescriptor, value protoreflect.Value, name string) error {
	if field.Kind() == protoreflect.StringKind {
		return storableText(value.String(), field.Name(), name)
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
