package privatepg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// DefaultDir is the durable folder for a run whose working directory is root: root/.voidrelay/pg<major>, as the root
// account /var/lib/voidrelay/pg<major>. If there is a cluster already it is that one's folder, whatever version is
// found first today: a newer PostgreSQL on PATH must not make the ledger look empty.
func DefaultDir(ctx context.Context, logger *slog.Logger, root string) (string, error) {
	return defaultDirIn(ctx, logger, home(root))
}

func home(root string) string {
	if os.Geteuid() == 0 {
		return "/var/lib/voidrelay"
	}
	return filepath.Join(root, ".voidrelay")
}

// Standing answers where a durable server below root keeps its folder and its address, without starting or looking for
// one. dir is the parent of such folders where none was made yet; url is empty then, and left over where the server
// does not run.
func Standing(root string) (dir, url string) {
	dir = home(root)
	folders, _ := filepath.Glob(filepath.Join(dir, "pg[0-9]*", "url")) // a constant, well-formed pattern
	if len(folders) == 0 {
		return dir, ""
	}
	file := folders[len(folders)-1]
	text, err := os.ReadFile(file) //nolint:gosec // the file is our own
	if err != nil {
		return filepath.Dir(file), ""
	}
	return filepath.Dir(file), strings.TrimSpace(string(text))
}

func defaultDirIn(ctx context.Context, logger *slog.Logger, parent string) (string, error) {
	// a constant, well-formed pattern
	clusters, _ := filepath.Glob(filepath.Join(parent, "pg[0-9]*", "data", "PG_VERSION"))
	newest := 0
	for _, file := range clusters {
		major, err := clusterVersion(filepath.Dir(file))
		if err == nil && filepath.Dir(filepath.Dir(file)) == filepath.Join(parent, fmt.Sprintf("pg%d", major)) {
			newest = max(newest, major)
		}
	}
	if newest == 0 {
		bin, err := Find(ctx, logger)
		if err != nil {
			return "", err
		}
		newest = bin.Major
	}
	return filepath.Join(parent, fmt.Sprintf("pg%d", newest)), nil
}

// clusterVersion is the major version that made the data folder, 0 if there is no cluster in it.
func clusterVersion(data string) (int, error) {
	raw, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION: %w", data, err)
	}
	return major, nil
}

// openDurable makes the folder if need be, for the account alone, and takes its lock. It answers the folder's one true
// name: a server left by an earlier run is recognised by it.
func openDurable(ctx context.Context, dir string, acct *osUser) (string, *os.File, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // G301: the account passes through it
		return "", nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", nil, err
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", nil, err
	}
	if err := acct.give(dir); err != nil {
		return "", nil, err
	}
	if err := acct.checkReach(ctx, dir); err != nil {
		return "", nil, err
	}
	lock, err := takeLock(filepath.Join(dir, "lock"), dir)
	return dir, lock, err
}

const throwAwayPrefix = "voidrelay-pg-"

// throwAwayName is what our folders are called: prefix, owner's process id, random digits.
var throwAwayName = regexp.MustCompile(`^` + throwAwayPrefix + `(\d+)-\d+$`)

// openThrowAway makes a folder in the temporary folder, or, when the account cannot reach that one, in /tmp.
func openThrowAway(ctx context.Context, acct *osUser) (dir string, lock *os.File, err error) {
	bases := []string{os.TempDir()}
	if acct != nil && bases[0] != "/tmp" {
		bases = append(bases, "/tmp")
	}
	for _, base := range bases {
		dir, lock, err = openThrowAwayIn(ctx, base, acct)
		if err == nil {
			return dir, lock, nil
		}
	}
	return "", nil, err
}

func openThrowAwayIn(ctx context.Context, base string, acct *osUser) (string, *os.File, error) {
	base, err := filepath.EvalSymlinks(base)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(base, fmt.Sprintf("%s%d-", throwAwayPrefix, os.Getpid()))
	if err != nil {
		return "", nil, err
	}
	lock, err := takeLock(filepath.Join(dir, "lock"), dir)
	if err == nil {
		if err = acct.give(dir); err == nil {
			err = acct.checkReach(ctx, dir)
		}
		if err != nil {
			_ = lock.Close()
		}
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, lock, nil
}

// clearLeftovers removes throw-away folders in base that killed owners left, and stops what still runs in them. A
// folder is touched only if it has our pattern, belongs to the account, its owner's process is gone, and its lock,
// which dies with the owner, is free.
func clearLeftovers(ctx context.Context, logger *slog.Logger, base string, acct *osUser) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return // nothing to clean is nothing to complain about
	}
	for _, entry := range entries {
		match := throwAwayName.FindStringSubmatch(entry.Name())
		if match == nil || !entry.IsDir() {
			continue
		}
		owner, err := strconv.Atoi(match[1])
		info, infoErr := entry.Info()
		if err != nil || infoErr != nil || alive(owner) || !abandoned(info, acct) {
			continue
		}
		dir := filepath.Join(base, entry.Name())
		if err := removeLeftover(ctx, dir); err != nil {
			logger.DebugContext(ctx, "leftover not removed", "dir", dir, "err", err)
		}
	}
}

// abandoned tells a leftover by its owner and an age that no folder still being made has: one whose owner is in another
// process-id namespace looks ownerless in the moment before it takes its lock.
func abandoned(info os.FileInfo, acct *osUser) bool {
	return (ownedBy(info, acct.effectiveUID()) || ownedBy(info, os.Geteuid())) &&
		time.Since(info.ModTime()) > leftoverAge
}

const leftoverAge = 2 * time.Second

func removeLeftover(ctx context.Context, dir string) error {
	lock, err := takeLock(filepath.Join(dir, "lock"), dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := stopLeft(ctx, filepath.Join(dir, "data")); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
