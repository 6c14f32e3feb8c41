package rpc

import (
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// A field of the filter that is forgotten on its way into the statement would widen every act that uses it.
func TestEachFieldOfTheFilterNarrowsTheStatement(t *testing.T) {
	fields := (&orchestratorv1.CancellationFilter{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		request := &orchestratorv1.CancellationFilter{}
		fill(request.ProtoReflect(), field)
		require.False(t, proto.Equal(request, &orchestratorv1.CancellationFilter{}), field.Name())
		filter, err := filterOf(request)
		require.NoError(t, err, field.Name())
		require.NotEqual(t, ledger.CancellationFilter{States: []string{}}, filter, field.Name())
		facts, standing := filter.Conditions("c", "c", pgx.StrictNamedArgs{})
		if field.Name() == "states" {
			require.NotEmpty(t, filter.States)
			continue
		}
		require.NotEmpty(t, facts+standing, field.Name())
		require.Equal(t, field.Name() == "scheme", namesNothing(filter), field.Name())
	}
	require.Equal(t, fields.Len(), reflect.TypeFor[ledger.CancellationFilter]().NumField())
}

// fill sets one field to some value.
func fill(m protoreflect.Message, field protoreflect.FieldDescriptor) {
	var value protoreflect.Value
	switch field.Kind() {
	case protoreflect.StringKind:
		value = protoreflect.ValueOfString("x")
	case protoreflect.Int64Kind:
		value = protoreflect.ValueOfInt64(1)
	case protoreflect.EnumKind:
		value = protoreflect.ValueOfEnum(1)
	case protoreflect.MessageKind:
		value = protoreflect.ValueOfMessage(timestamppb.Now().ProtoReflect())
	}
	if field.IsList() {
		m.Mutable(field).List().Append(value)
		return
	}
	m.Set(field, value)
}
