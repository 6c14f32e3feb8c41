package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/visible"
)

// Callers are those who may call: tokens, kept as SHA-256 digests, and names of client certificates.
type Callers struct {
	tokens       map[[sha256.Size]byte]listed
	certificates map[string]listed
}

// listed is a line of the file.
type listed struct {
	Identity
	until time.Time
	line  int
}

const (
	digestWord  = "sha256:"
	certificate = "certificate"
	longestName = 100
)

// LoadCallers reads one caller a line: a name, a role, and what he shows, which is the digest of a token or the word
// certificate; after it, for a token, until when.
//
//	alice         operator  sha256:DIGEST  until 2027-03-01
//	orchestrator  viewer    certificate
//
// Blank lines and lines that begin with # are left out. A name has no blank in it; it may have several tokens, so that
// one can take the place of another. The last day of a token ends at midnight UTC. The error lists every wrong line by
// its number and quotes none. A file that others than its owner and group may read is refused.
func LoadCallers(path string) (*Callers, error) {
	callers, err := readCallers(path)
	if err == nil && len(callers.tokens)+len(callers.certificates) == 0 {
		return nil, fmt.Errorf("%s names no caller; `voidrelay token create` makes a token", path)
	}
	return callers, err
}

// readCallers is LoadCallers for a file that may name nobody: the last caller may have been revoked.
func readCallers(path string) (*Callers, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	text, err := settings.ReadText(path)
	if err != nil {
		return nil, err
	}
	callers := &Callers{tokens: map[[sha256.Size]byte]listed{}, certificates: map[string]listed{}}
	var faults []error
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := callers.add(i+1, strings.Fields(line)); err != nil {
			faults = append(faults, fmt.Errorf("%s, line %d: %w", path, i+1, err))
		}
	}
	return callers, errors.Join(faults...)
}

// private refuses a file that everybody on the machine may read or change.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); info.Mode().IsRegular() && mode&0o007 != 0 {
		return fmt.Errorf("%s may be read or written by everybody on this machine (mode %04o): chmod 640 %s",
			path, mode, path)
	}
	return nil
}

var errForm = errors.New("not `NAME ROLE sha256:DIGEST [until YYYY-MM-DD]` or `NAME ROLE certificate`; `voidrelay " +
	"token create` prints such a line, and no token stands in it")

func (c *Callers) add(line int, fields []string) error {
	if len(fields) != 3 && (len(fields) != 5 || fields[3] != "until") {
		return errForm
	}
	role, err := ParseRole(fields[1])
	if err != nil {
		return errForm
	}
	name := fields[0]
	if utf8.RuneCountInString(name) > longestName || name == Nobody || name[0] == '#' ||
		strings.ContainsFunc(name, hidden) {
		return fmt.Errorf("a name has at most %d letters, none of them invisible, does not begin with #, and is not %s",
			longestName, Nobody)
	}
	one := listed{Identity: Identity{Name: name, Role: role}, line: line}
	if fields[2] == certificate {
		return c.addCertificate(one, fields[3:])
	}
	digest, err := hex.DecodeString(strings.TrimPrefix(fields[2], digestWord))
	if err != nil || len(digest) != sha256.Size || !strings.HasPrefix(fields[2], digestWord) ||
		fields[2] == Digest("") {
		return errForm
	}
	if len(fields) == 5 {
		day, err := time.Parse(time.DateOnly, fields[4])
		if err != nil {
			return errors.New("until wants a day as 2027-03-01")
		}
		one.until = day.AddDate(0, 0, 1)
	}
	key := [sha256.Size]byte(digest)
	if before, taken := c.tokens[key]; taken {
		return fmt.Errorf("the token of line %d; a token has one owner", before.line)
	}
	c.tokens[key] = one
	return nil
}

func (c *Callers) addCertificate(one listed, rest []string) error {
	if len(rest) > 0 {
		return errors.New("a certificate says itself until when; its line has no until")
	}
	if before, taken := c.certificates[one.Name]; taken {
		return fmt.Errorf("the certificate of line %d", before.line)
	}
	c.certificates[one.Name] = one
	return nil
}

// Digest is what the file has of a token.
func Digest(token string) string {
	digest := sha256.Sum256([]byte(token))
	return digestWord + hex.EncodeToString(digest[:])
}

// hidden says of a letter that people would not see it.
func hidden(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) || visible.Hidden(r) }

// byToken is whom the token was given to.
func (c *Callers) byToken(token string, now time.Time) (Identity, error) {
	one, ok := c.tokens[sha256.Sum256([]byte(token))]
	switch {
	case !ok || token == "":
		return Identity{}, errWrongToken
	case !one.until.IsZero() && !now.Before(one.until):
		return Identity{}, &Refusal{
			Why: fmt.Sprintf("the token of %s was good until %s (令牌已过期)", one.Name,
				one.until.AddDate(0, 0, -1).Format(time.DateOnly)),
			Cause: ExpiredToken, Caller: one.Name,
		}
	}
	return one.Identity, nil
}

// byCertificate is who shows a certificate of this name.
func (c *Callers) byCertificate(name string) (Identity, error) {
	if one, ok := c.certificates[name]; ok {
		return one.Identity, nil
	}
	return Identity{}, &Refusal{
		Why: fmt.Sprintf("no line of AUTH_CALLERS_FILE has the certificate %q", name), Cause: UnknownCertificate,
	}
}
