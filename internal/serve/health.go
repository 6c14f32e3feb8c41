package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/voidrelay/voidrelay/internal/watched"
)

// HealthDetailKey is the header in which grpc.health.v1.Health/Check answers why, as JSON in ASCII: the protocol itself
// has one word.
const HealthDetailKey = watched.Header

// pulse is gRPC's health service that can say why.
type pulse struct {
	*health.Server

	// detail is told in a header, and told the same as it is.
	detail atomic.Pointer[string]
	told   atomic.Pointer[json.RawMessage]
}

// Check implements healthv1.HealthServer.
func (p *pulse) Check(ctx context.Context, req *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if detail := p.detail.Load(); detail != nil {
		_ = grpc.SetHeader(ctx, metadata.Pairs(HealthDetailKey, *detail)) // the answer counts without it, too
	}
	return p.Server.Check(ctx, req)
}

// SetHealthDetail says what a health check answers in the header HealthDetailKey, and GET /readyz as its conditions.
// What cannot be JSON is left out.
func (g *GRPC) SetHealthDetail(detail any) {
	text, err := json.Marshal(detail)
	if err != nil {
		return
	}
	plain := inASCII(string(text))
	g.checks.detail.Store(&plain)
	g.checks.told.Store((*json.RawMessage)(&text))
}

// inASCII is a JSON text that says the same in ASCII, which is all that a header takes.
func inASCII(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
