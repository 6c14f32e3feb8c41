package access

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Listed is one line of a file of callers, as people read it.
type Listed struct {
	Line int
	Name string
	Role Role
	// Token is the beginning of the digest, empty for a certificate's line.
	Token string
	// Until is the last day, zero for none.
	Until time.Time
}

// Expired says that the last day is over.
func (l Listed) Expired(now time.Time) bool {
	return !l.Until.IsZero() && !now.Before(l.Until.AddDate(0, 0, 1))
}

// shownDigest is how much of a digest tells one token from another.
const shownDigest = 12

// List are the callers in the order of their lines.
func (c *Callers) List() []Listed {
	var all []Listed
	for digest, one := range c.tokens {
		l := Listed{Line: one.line, Name: one.Name, Role: one.Role, Token: fmt.Sprintf("%x", digest)[:shownDigest]}
		if !one.until.IsZero() {
			l.Until = one.until.AddDate(0, 0, -1)
		}
		all = append(all, l)
	}
	for _, one := range c.certificates {
		all = append(all, Listed{Line: one.line, Name: one.Name, Role: one.Role})
	}
	slices.SortFunc(all, func(a, b Listed) int { return a.Line - b.Line })
	return all
}

// CreateToken makes a token and adds its line to the file, which it makes where there is none, for its owner alone. The
// token stands nowhere but in the answer. until is its last day; zero lets it last.
func CreateToken(path, name string, role Role, until time.Time) (token string, err error) {
	token = rand.Text()
	line := fmt.Sprintf("%s %s %s", name, role, Digest(token))
	if !until.IsZero() {
		line += " until " + until.Format(time.DateOnly)
	}
	check := &Callers{tokens: map[[32]byte]listed{}, certificates: map[string]listed{}}
	if err := check.add(1, strings.Fields(line)); err != nil {
		return "", err
	}
	return token, edit(path, func(content []byte) ([]byte, error) {
		if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
			content = append(content, '\n')
		}
		return append(content, line+"\n"...), nil
	})
}

// ErrNoSuchCaller is a name that no line of the file has.
var ErrNoSuchCaller = errors.New("no line of the file has this name")

// Revoke takes the lines of a name out of the file, or one of them where token is the beginning of a digest as List
// shows it, and answers how many. Whoever showed such a token is refused as soon as the services have read the file.
func Revoke(path, name, token string) (revoked int, err error) {
	err = edit(path, func(content []byte) ([]byte, error) {
		var kept []string
		for line := range strings.Lines(string(content)) {
			fields := strings.Fields(line)
			digest, isToken := "", false
			if len(fields) >= 3 {
				digest, isToken = strings.CutPrefix(fields[2], digestWord)
			}
			if len(fields) >= 3 && fields[0] == name && (token == "" || isToken && strings.HasPrefix(digest, token)) {
				revoked++
				continue
			}
			kept = append(kept, line)
		}
		if revoked == 0 {
			return nil, ErrNoSuchCaller
		}
		return []byte(strings.Join(kept, "")), nil
	})
	return revoked, err
}

// edit puts another content in the place of a file in one step: who reads it meanwhile reads the old or the new one. Of
// two edits at once one waits for the other.
func edit(path string, change func(content []byte) ([]byte, error)) (err error) {
	unlock, err := LockFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer unlock()
	content, err := os.ReadFile(path) //nolint:gosec // the file that a person named
	mode := os.FileMode(0o600)
	switch info, statErr := os.Stat(path); {
	case err == nil && statErr == nil:
		if mode = info.Mode().Perm(); mode&0o007 != 0 {
			return private(path)
		}
	case !errors.Is(err, os.ErrNotExist):
		return errors.Join(err, statErr)
	}
	if content, err = change(content); err != nil {
		return err
	}
	// A file that services would refuse would leave those in force whom they know.
	return put(path, content, mode, func(next string) error {
		if _, err := readCallers(next); err != nil {
			return fmt.Errorf("nothing was changed, because services would refuse the file: %w", err)
		}
		return nil
	})
}

// Exchange puts another content in the place of a file in one step, with the owner and the mode of before.
func Exchange(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return put(path, content, info.Mode().Perm(), func(string) error { return nil })
}

// put writes a file beside the path and lets it take its place, if it stands the check. A link is followed: what it
// leads to is exchanged.
func put(path string, content []byte, mode os.FileMode, check func(next string) error) error {
	if whole, err := filepath.EvalSymlinks(path); err == nil {
		path = whole
	}
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(next.Name()) }() // gone already where all went well
	_, err = next.Write(content)
	if err = errors.Join(err, next.Chmod(mode), keepOwner(next, path), next.Sync(), next.Close()); err != nil {
		return err
	}
	if err := check(next.Name()); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}
