package privatepg

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// superuser is the role that owns the cluster; URL connects as it.
const superuser = "voidrelay"

// initArgs are part of the cached cluster's name, so a change here makes a new one. Collation C: the same order
// everywhere.
var initArgs = []string{
	"--username=" + superuser, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions",
}

// ensureCluster makes the data folder and its password unless they are there. It says whether they came from the cache.
func (s *Server) ensureCluster(ctx context.Context) (cached bool, err error) {
	if _, err := os.Stat(filepath.Join(s.data, "PG_VERSION")); err == nil {
		raw, err := os.ReadFile(s.path("password"))
		if err != nil {
			return false, fmt.Errorf("the password of the cluster in %s cannot be read: %w", s.dir, err)
		}
		s.password = password(raw)
		return false, nil
	}
	template := ""
	if !s.durable {
		template = templateFolder(s.bin, s.acct)
		if s.copyTemplate(template) == nil {
			return true, nil
		}
	}
	s.password = newPassword()
	if err := s.writePrivate("password", string(s.password)); err != nil {
		return false, err
	}
	if err := s.initdb(ctx); err != nil {
		return false, err
	}
	if template != "" {
		if err := s.publishTemplate(template); err != nil {
			s.logger.DebugContext(ctx, "cluster not cached", "err", err)
		}
	}
	return false, nil
}

// initdb makes the cluster under another name and renames it, so that a killed initdb leaves nothing that looks like a
// cluster.
func (s *Server) initdb(ctx context.Context) error {
	stale, _ := filepath.Glob(s.data + ".new-*") // the only error is a malformed pattern
	for _, dir := range append(stale, s.data) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	fresh := s.data + ".new-" + strconv.Itoa(os.Getpid())
	args := append([]string{"--pgdata=" + fresh, "--pwfile=" + s.path("password")}, initArgs...)
	if !s.sync {
		args = append(args, "--no-sync")
	}
	out, err := s.acct.command(ctx, s.dir, s.bin.program("initdb"), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb in %s: %w: %s", s.dir, err, strings.TrimSpace(tail(out)))
	}
	return os.Rename(fresh, s.data)
}

// templateFolder names the cached cluster of these programs, or answers "" where there is no cache folder of our own.
func templateFolder(bin Binaries, acct *osUser) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Append(nil, bin.Dir, "\n", bin.Version, "\n", acct.effectiveUID(), "\n", initArgs))
	return filepath.Join(cache, "voidrelay", "cluster-"+hex.EncodeToString(sum[:8]))
}

var errNoTemplate = errors.New("no cached cluster")

// copyTemplate takes data and password from the cache; on an error the folder is as before.
func (s *Server) copyTemplate(template string) error {
	if template == "" {
		return errNoTemplate
	}
	raw, err := os.ReadFile(filepath.Join(template, "password")) //nolint:gosec // G304: in our own cache
	if err != nil {
		return err
	}
	if err := s.writePrivate("password", string(raw)); err != nil {
		return err
	}
	if err := copyTree(filepath.Join(template, "data"), s.data, s.acct); err != nil {
		return errors.Join(err, os.RemoveAll(s.data))
	}
	s.password = password(raw)
	return nil
}

// publishTemplate puts a copy of the fresh cluster in the cache, whole or not at all. If two do it at once, the first
// one's stays.
func (s *Server) publishTemplate(template string) error {
	if err := os.MkdirAll(filepath.Dir(template), 0o700); err != nil {
		return err
	}
	stale, _ := filepath.Glob(filepath.Join(filepath.Dir(template), "new-*")) // a constant, well-formed pattern
	for _, dir := range stale {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > time.Hour { // its maker was killed
			_ = os.RemoveAll(dir)
		}
	}
	work, err := os.MkdirTemp(filepath.Dir(template), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copyTree(s.data, filepath.Join(work, "data"), nil); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "password"), []byte(s.password), 0o600); err != nil {
		return err
	}
	return os.Rename(work, template)
}

// password prints as redacted; only the URL and the files of the folder carry it.
type password string

func (password) String() string   { return "[redacted]" }
func (password) GoString() string { return "[redacted]" }

// newPassword is 128 random bits, safe in a URL.
func newPassword() password { return password(rand.Text()) }

// writePrivate replaces a file of the folder by one that only the account can read.
func (s *Server) writePrivate(name, content string) error {
	path := s.path(name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // G304: inside our own folder
	if err != nil {
		return err
	}
	if _, err := f.WriteString(content); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.acct.give(path)
}
