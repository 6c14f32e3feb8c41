package access

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/voidrelay/voidrelay/internal/settings"
)

// shortestToken keeps out what could be guessed.
const shortestToken = 16

// Tokens are the bearer tokens that may call, by their digest, each with the name of whom it was given to.
type Tokens struct{ names map[[sha256.Size]byte]string }

// LoadTokens reads one token a line: a name, then a colon or a blank, then the token, as `ops: 3f9c…`, `ops:3f9c…` or
// `ops 3f9c…`. Blank lines and lines that begin with # are left out. A token has at least 16 visible ASCII characters,
// no blank in it, and belongs to one name. The error lists every wrong line by its number and quotes none.
func LoadTokens(path string) (*Tokens, error) {
	text, err := settings.ReadText(path)
	if err != nil {
		return nil, err
	}
	tokens := &Tokens{names: make(map[[sha256.Size]byte]string)}
	var faults []error
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := tokens.add(line); err != nil {
			faults = append(faults, fmt.Errorf("%s, line %d: %w", path, i+1, err))
		}
	}
	if len(faults) == 0 && len(tokens.names) == 0 {
		return nil, fmt.Errorf("%s holds no token", path)
	}
	return tokens, errors.Join(faults...)
}

func (t *Tokens) add(line string) error {
	name, token := line, ""
	if i := strings.IndexAny(line, ": \t"); i >= 0 {
		// `ops : token` has its colon after a blank.
		name, token = line[:i], strings.TrimLeft(line[i:], ": \t")
	}
	switch {
	case name == "" || len(token) < shortestToken || strings.ContainsFunc(token, unfit):
		return fmt.Errorf("not `name: token` with a token of %d ASCII characters or more, without blanks",
			shortestToken)
	case t.names[sha256.Sum256([]byte(token))] != "":
		return errors.New("this token stands in the file twice; a token has one owner")
	}
	t.names[sha256.Sum256([]byte(token))] = name
	return nil
}

// unfit says of a character that no header can carry it in a token.
func unfit(c rune) bool { return c <= ' ' || c > '~' }

// Name is whom the token was given to; false for a token that nobody has.
func (t *Tokens) Name(token string) (string, bool) {
	name, ok := t.names[sha256.Sum256([]byte(token))]
	return name, ok
}
