package gateway

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// idempotencyKey is the header that stands for request_id. It is heeded where the request has that field and ignored
// elsewhere: what only reads may be repeated anyway, and clients send the header with every POST.
const idempotencyKey = "Idempotency-Key"

// longestKey is as long as the contract lets a request_id be, in characters.
const longestKey = 100

type keyInContext struct{}

// withKey reads the header into the context of a POST; the quotes that a structured field has do not count.
func withKey(r *http.Request) (*http.Request, fault, bool) {
	given := r.Header.Values(idempotencyKey)
	if len(given) == 0 || r.Method != http.MethodPost {
		return r, fault{}, true
	}
	key := strings.TrimSpace(given[0])
	if len(key) > 1 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1]
	}
	switch {
	case len(given) > 1:
		return nil, fault{idempotencyKey, "is given twice"}, false
	case key == "":
		return nil, fault{idempotencyKey, "is empty"}, false
	case !utf8.ValidString(key):
		return nil, fault{idempotencyKey, "is not UTF-8"}, false
	case utf8.RuneCountInString(key) > longestKey:
		return nil, fault{idempotencyKey, "is longer than 100 characters"}, false
	}
	return r.WithContext(context.WithValue(r.Context(), keyInContext{}, key)), fault{}, true
}

// keyed is the connection of the generated handlers: it puts the header into the request.
type keyed struct{ *grpc.ClientConn }

// Invoke makes one call.
func (k keyed) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if key, ok := ctx.Value(keyInContext{}).(string); ok {
		if cause, ok := give(args, key); !ok {
			return status.Error(codes.InvalidArgument, cause.Error())
		}
	}
	return k.ClientConn.Invoke(ctx, method, args, reply, opts...)
}

// give sets the request_id of a request that has one. A body that names another one is refused: which of them counts
// must not depend on who reads it.
func give(args any, key string) (fault, bool) {
	request, ok := args.(proto.Message)
	if !ok {
		return fault{}, true
	}
	message := request.ProtoReflect()
	field := message.Descriptor().Fields().ByName("request_id")
	if field == nil || field.Kind() != protoreflect.StringKind {
		return fault{}, true
	}
	switch message.Get(field).String() {
	case key:
	case "":
		message.Set(field, protoreflect.ValueOfString(key))
	default:
		return fault{idempotencyKey, "is another than the body's requestId"}, false
	}
	return fault{}, true
}

// registers makes the handlers of a service over a connection.
func registers[Client any](
	client func(grpc.ClientConnInterface) Client, register func(context.Context, *runtime.ServeMux, Client) error,
) func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error {
	return func(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
		return register(ctx, mux, client(conn))
	}
}
