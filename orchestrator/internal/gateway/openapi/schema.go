package main

import (
	"slices"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// reach notes a message and all that is in it.
func (d *document) reach(message *protogen.Message, into map[protoreflect.FullName]bool) {
	if into[message.Desc.FullName()] || d.messages[message.Desc.FullName()] == nil {
		return
	}
	into[message.Desc.FullName()] = true
	for _, field := range message.Fields {
		if field.Message != nil {
			d.reach(field.Message, into)
		}
	}
}

// reference names the schema of a message, and makes it. What a request may leave out is always there in a reply: a
// message of both has two.
func (d *document) reference(message *protogen.Message, asked bool) object {
	full := message.Desc.FullName()
	name := strings.ReplaceAll(strings.TrimPrefix(string(full), ourPackage+"."), ".", "")
	if asked && d.answered[full] {
		name += "Input"
	}
	if _, ok := d.schemas[name]; !ok {
		d.schemas[name] = object{} // it may hold itself
		d.schemas[name] = d.messageSchema(message, asked, nil)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// bodySchema is that of a request without what the path gives.
func (d *document) bodySchema(message *protogen.Message, inPath []string) object {
	if len(inPath) == 0 {
		return d.reference(message, true)
	}
	name := string(message.Desc.Name())
	d.schemas[name] = d.messageSchema(message, true, inPath)
	return object{"$ref": "#/components/schemas/" + name}
}

func (d *document) messageSchema(message *protogen.Message, asked bool, without []string) object {
	properties, needed := object{}, []any{}
	for _, field := range message.Fields {
		name := string(field.Desc.Name())
		if slices.Contains(without, name) {
			continue
		}
		schema := d.fieldSchema(field, asked)
		schema["description"] = d.said(field)
		properties[camel(name)] = schema
		if asked && required(field) || !asked && always(field) {
			needed = append(needed, camel(name))
		}
	}
	schema := object{"type": "object", "properties": properties}
	if said := text(message.Comments); said != "" {
		schema["description"] = said
	}
	if len(needed) > 0 {
		schema["required"] = needed
	}
	if asked {
		schema["additionalProperties"] = false // what a request does not have is refused
	}
	return schema
}

// always says that a reply has the field whatever its value: what is not a message, and no alternative.
func always(field *protogen.Field) bool {
	return field.Desc.IsList() || field.Desc.IsMap() || !field.Desc.HasPresence()
}

// required says that a request without the field is refused.
func required(field *protogen.Field) bool {
	rules := rulesOf(field)
	return rules.GetRequired() || rules.GetString().GetMinLen() > 0 || rules.GetRepeated().GetMinItems() > 0
}

func rulesOf(field *protogen.Field) *validate.FieldRules {
	rules, _ := proto.GetExtension(field.Desc.Options(), validate.E_Field).(*validate.FieldRules)
	return rules
}

func (d *document) said(field *protogen.Field) string {
	d.want(field.Comments, string(field.Desc.FullName()))
	return text(field.Comments)
}

func (d *document) fieldSchema(field *protogen.Field, asked bool) object {
	rules := rulesOf(field)
	switch {
	case field.Desc.IsMap():
		return object{"type": "object", "additionalProperties": d.oneSchema(field.Message.Fields[1], nil, asked)}
	case field.Desc.IsList():
		schema := object{"type": "array", "items": d.oneSchema(field, rules.GetRepeated().GetItems(), asked)}
		if most := rules.GetRepeated().GetMaxItems(); asked && most > 0 {
			schema["maxItems"] = most
		}
		if least := rules.GetRepeated().GetMinItems(); asked && least > 0 {
			schema["minItems"] = least
		}
		return schema
	}
	return d.oneSchema(field, rules, asked)
}

// oneSchema is that of one value.
func (d *document) oneSchema(field *protogen.Field, rules *validate.FieldRules, asked bool) object {
	switch field.Desc.Kind() {
	case protoreflect.BoolKind:
		return object{"type": "boolean"}
	case protoreflect.Int32Kind, protoreflect.Uint32Kind:
		schema := object{"type": "integer", "format": "int32"}
		if limits := rules.GetInt32(); asked && limits != nil {
			if limits.HasGte() {
				schema["minimum"] = limits.GetGte()
			}
			if limits.HasLte() {
				schema["maximum"] = limits.GetLte()
			}
		}
		return schema
	case protoreflect.Int64Kind, protoreflect.Uint64Kind:
		return object{"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		return object{"type": "number"}
	case protoreflect.BytesKind:
		return object{"type": "string", "contentEncoding": "base64"}
	case protoreflect.EnumKind:
		return d.enumReference(field.Enum)
	case protoreflect.MessageKind:
		switch field.Message.Desc.FullName() {
		case "google.protobuf.Timestamp":
			return object{"type": "string", "format": "date-time"}
		case "google.protobuf.Duration":
			return object{"type": "string", "pattern": `^-?[0-9]+(\.[0-9]+)?s$`}
		}
		return d.reference(field.Message, asked)
	default:
		schema := object{"type": "string"}
		if asked && rules.GetString().GetMinLen() > 0 {
			schema["minLength"] = rules.GetString().GetMinLen()
		}
		if asked && rules.GetString().GetMaxLen() > 0 {
			schema["maxLength"] = rules.GetString().GetMaxLen()
		}
		return schema
	}
}

// fit writes the numbers of an example as its schema has them: those of 64 bits are strings.
func (d *document) fit(schema, value any) any {
	of, _ := schema.(object)
	if name, ok := of["$ref"].(string); ok {
		of, _ = d.schemas[strings.TrimPrefix(name, "#/components/schemas/")].(object)
	}
	properties, _ := of["properties"].(object)
	switch value := value.(type) {
	case object:
		for name := range value {
			value[name] = d.fit(properties[name], value[name])
		}
	case []any:
		for i := range value {
			value[i] = d.fit(of["items"], value[i])
		}
	case int:
		if of["type"] == "string" {
			return strconv.Itoa(value)
		}
	}
	return value
}

// enumReference names the schema of an enum, and makes it: its values are words, each with what it means.
func (d *document) enumReference(enum *protogen.Enum) object {
	name := string(enum.Desc.Name())
	said := []string{text(enum.Comments), ""}
	d.want(enum.Comments, string(enum.Desc.FullName()))
	var values []any
	for _, value := range enum.Values {
		values = append(values, string(value.Desc.Name()))
		if value.Desc.Number() != 0 {
			said = append(said, "- `"+string(value.Desc.Name())+"`: "+text(value.Comments))
			d.want(value.Comments, string(value.Desc.FullName()))
		}
	}
	d.schemas[name] = object{"type": "string", "enum": values, "description": strings.Join(said, "\n")}
	return object{"$ref": "#/components/schemas/" + name}
}
