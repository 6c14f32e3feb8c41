package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"
)

// errNotModified ends a reply that the caller has already.
var errNotModified = errors.New("not modified")

type matchKey struct{}

// withMatch remembers which replies the caller has.
func withMatch(r *http.Request) context.Context {
	return context.WithValue(r.Context(), matchKey{}, strings.Join(r.Header.Values("If-None-Match"), ","))
}

// tagged gives the reply that is one thing, and not a list, an ETag of its content, and ends it where the caller has
// the same. The tag is weak: a compressed reply has the same one. What was read is never to be shown again unasked.
func tagged(ctx context.Context, w http.ResponseWriter, reply proto.Message) error {
	method, _ := runtime.RPCMethod(ctx)
	if _, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/"); !strings.HasPrefix(name, "Get") {
		w.Header().Set("Cache-Control", "no-store")
		return nil
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(reply)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	asked, _ := ctx.Value(matchKey{}).(string)
	for known := range strings.SplitSeq(asked, ",") {
		known = strings.TrimSpace(known)
		if known == "*" || strings.TrimPrefix(known, "W/") == strings.TrimPrefix(tag, "W/") {
			return errNotModified
		}
	}
	return nil
}
