package rpc

import (
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Each field of an order, those to come included, is set to what a rule may forbid: the short look never accepts what
// the rules refuse.
func TestPlainlyValidOrdersAreValid(t *testing.T) {
	t.Parallel()
	ordinary := &wmsv1.Order{
		WarehouseCode: "CK001", OrderCode: "ZZCX000123", OrderType: "QTRK", CancelReason: "金蝶作废",
		CancellationId: 1, Attempt: 1, SendBefore: timestamppb.Now(),
	}
	require.True(t, plainlyValid(ordinary))
	validator, err := protovalidate.New()
	require.NoError(t, err)
	fields := ordinary.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		for _, change := range changes(field) {
			order := proto.CloneOf(ordinary)
			change(order.ProtoReflect())
			if plainlyValid(order) {
				require.NoError(t, validator.Validate(order), "%s: %v", field.Name(), order)
			}
		}
	}
}

// changes set the field to values around every bound that a rule may have.
func changes(field protoreflect.FieldDescriptor) []func(protoreflect.Message) {
	out := []func(protoreflect.Message){func(m protoreflect.Message) { m.Clear(field) }}
	set := func(value protoreflect.Value) {
		out = append(out, func(m protoreflect.Message) { m.Set(field, value) })
	}
	switch {
	case field.IsMap():
		for _, key := range []string{"key1", "1", ""} {
			out = append(out, func(m protoreflect.Message) {
				m.Mutable(field).Map().Set(protoreflect.ValueOfString(key).MapKey(),
					protoreflect.ValueOfString("value"))
			})
		}
	case field.Kind() == protoreflect.StringKind:
		for _, text := range []string{"A", "a", "0", "-", "Z9", "旺"} {
			for _, n := range []int{
				1, 2, 3, 19, 20, 21, 49, 50, 51, 63, 64, 65, 99, 100, 101, 249, 250, 251, 1999, 2000, 2001,
			} {
				set(protoreflect.ValueOfString(strings.Repeat(text, n)))
			}
		}
		set(protoreflect.ValueOfString("QTRK\n"))
	case field.Kind() == protoreflect.Int64Kind:
		for n := int64(-2); n <= 2; n++ {
			set(protoreflect.ValueOfInt64(n))
		}
	case field.Kind() == protoreflect.Int32Kind:
		for n := int32(-2); n <= 2; n++ {
			set(protoreflect.ValueOfInt32(n))
		}
	}
	return out
}
