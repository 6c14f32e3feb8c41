package rpc

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Tokens are the bearer tokens that may call, by their digest, each with the name of whom it was given to.
type Tokens map[[sha256.Size]byte]string

// shortestToken keeps out what could be guessed.
const shortestToken = 16

// ReadTokens reads one name:token a line; blank lines and lines that begin with # are skipped.
func ReadTokens(from io.Reader) (Tokens, error) {
	tokens := Tokens{}
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, token, ok := strings.Cut(line, ":")
		name, token = strings.TrimSpace(name), strings.TrimSpace(token)
		if !ok || name == "" || len(token) < shortestToken {
			return nil, fmt.Errorf("line %d: want name:token, the token of at least %d characters", n, shortestToken)
		}
		tokens[sha256.Sum256([]byte(token))] = name
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, errors.New("no token in it")
	}
	return tokens, nil
}

// Name is whose token this is, empty for an unknown one. Looking up a digest tells nothing about the token by its time.
func (t Tokens) Name(token string) string { return t[sha256.Sum256([]byte(token))] }
