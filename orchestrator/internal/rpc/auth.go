package rpc

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc/metadata"
)

// Authenticator knows callers by their token.
type Authenticator interface {
	// Authenticate answers the name to record with what the caller does; false when nobody has this token.
	Authenticate(token string) (name string, ok bool)
}

// Tokens are the callers of a token file, by the digest of their token: the tokens themselves are not kept, so they can be in no
// log, and a look-up by digest tells nothing by its timing.
type Tokens struct{ names map[[sha256.Size]byte]string }

// minTokenLength keeps tokens from being guessed.
const minTokenLength = 16

// ParseTokens reads a token file: a name and a token a line, with blanks between; empty lines and lines that begin with # are
// skipped. Errors name the line, never its content.
func ParseTokens(file io.Reader) (Tokens, error) {
	tokens := Tokens{map[[sha256.Size]byte]string{}}
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		parts := strings.Fields(text)
		if len(parts) != 2 {
			return Tokens{}, fmt.Errorf("line %d: want a name and a token", number)
		}
		if len(parts[1]) < minTokenLength {
			return Tokens{}, fmt.Errorf("line %d: the token of %s is shorter than %d characters", number, parts[0], minTokenLength)
		}
		digest := sha256.Sum256([]byte(parts[1]))
		if other, taken := tokens.names[digest]; taken {
			return Tokens{}, fmt.Errorf("line %d: %s has the token of %s", number, parts[0], other)
		}
		tokens.names[digest] = parts[0]
	}
	if err := lines.Err(); err != nil {
		return Tokens{}, fmt.Errorf("read tokens: %w", err)
	}
	if len(tokens.names) == 0 {
		return Tokens{}, fmt.Errorf("no token in the file")
	}
	return tokens, nil
}

// Authenticate answers whose token it is.
func (t Tokens) Authenticate(token string) (string, bool) {
	name, ok := t.names[sha256.Sum256([]byte(token))]
	return name, ok
}

type actorKey struct{}

// nobody is recorded for a caller of a service that asks for no token.
const nobody = "unauthenticated"

func actor(ctx context.Context) string {
	if name, ok := ctx.Value(actorKey{}).(string); ok {
		return name
	}
	return nobody
}

// openMethods need no token: load balancers ask for health without one.
const openMethods = "/grpc.health.v1.Health/"

// identify puts the caller's name into the context, or refuses the call.
func identify(ctx context.Context, auth Authenticator, method string) (context.Context, error) {
	if auth == nil || strings.HasPrefix(method, openMethods) {
		return ctx, nil
	}
	for _, value := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		scheme, token, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "bearer") {
			continue
		}
		if name, ok := auth.Authenticate(strings.TrimSpace(token)); ok {
			return context.WithValue(ctx, actorKey{}, name), nil
		}
	}
	return ctx, errUnauthenticated
}
