package privatepg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinVersion is the oldest major version of PostgreSQL that voidrelay runs on.
const MinVersion = 15

// ErrNotFound is in the chain of every error that says there is no usable PostgreSQL; its text says what to install.
var ErrNotFound = errors.New("no usable PostgreSQL " + strconv.Itoa(MinVersion) + " or newer")

const installHint = "install it (Debian, Ubuntu: apt install postgresql; Fedora: dnf install postgresql-server; " +
	"macOS: brew install postgresql@17) or set DATABASE_URL " +
	"[请安装 PostgreSQL 15 或更新版本，或把 DATABASE_URL 指向已有的数据库]"

// Binaries are the programs of one PostgreSQL.
type Binaries struct {
	Dir     string // holds postgres and initdb; absolute, without symbolic links
	Major   int    // such as 15
	Version string // as the program prints it, such as "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
}

func (b Binaries) program(name string) string { return filepath.Join(b.Dir, name) }

// Find answers the PostgreSQL to use: the one on PATH, else the newest of the usual places, else one that is fetched
// (about 10 MB, kept for the next time). Versions below MinVersion, and programs that the server's account cannot run,
// are passed over. The error names all of them and wraps ErrNotFound.
func Find(ctx context.Context, logger *slog.Logger) (Binaries, error) {
	return find(ctx, logger, 0)
}

// find looks for one major version when that is not 0: a cluster can only be opened by the version that made it.
func find(ctx context.Context, logger *slog.Logger, major int) (Binaries, error) {
	acct, err := serverAccount()
	if err != nil {
		return Binaries{}, err
	}
	bin, notes := search(ctx, acct, filepath.SplitList(os.Getenv("PATH")), usualPlaces, major)
	if bin.Dir != "" {
		return bin, nil
	}
	if major == 0 || major == fetchedMajor {
		if bin, err = fetch(ctx, logger, acct, fetchFolder(), mavenCentral); err == nil {
			return bin, nil
		}
		notes = append(notes, err.Error())
	}
	if ctx.Err() != nil { // what the programs answered says nothing about them
		return Binaries{}, fmt.Errorf("look for PostgreSQL: %w", ctx.Err())
	}
	if major != 0 {
		notes = append(notes, fmt.Sprintf("version %d is needed, because the data folder was made by it", major))
	}
	return Binaries{}, fmt.Errorf("%w: %s; %s", ErrNotFound, strings.Join(notes, "; "), installHint)
}

// usualPlaces are where packages put a server without putting it on PATH.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// search takes the first usable folder of path, else the newest usable one that the patterns match, and notes what it
// passed over.
func search(ctx context.Context, acct *osUser, path, patterns []string, major int) (Binaries, []string) {
	var notes []string
	seen := map[string]bool{}
	in := func(dir string) (Binaries, bool) {
		dir, err := folderOf(dir)
		if err != nil || seen[dir] {
			return Binaries{}, false
		}
		seen[dir] = true
		bin, err := examine(ctx, acct, dir)
		if err == nil && major != 0 && bin.Major != major {
			err = fmt.Errorf("%s is version %d", dir, bin.Major)
		}
		if err != nil {
			notes = append(notes, err.Error())
			return Binaries{}, false
		}
		return bin, true
	}
	for _, dir := range path {
		if bin, ok := in(dir); ok {
			return bin, nil
		}
	}
	var best Binaries
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern) // the only error is a malformed pattern, and these are ours
		slices.Sort(dirs)
		for _, dir := range dirs {
			if bin, ok := in(dir); ok && bin.Major > best.Major {
				best = bin
			}
		}
	}
	if best.Dir != "" {
		return best, nil
	}
	if len(notes) == 0 {
		notes = append(notes, "none installed")
	}
	return Binaries{}, notes
}

// folderOf follows dir/postgres to the folder that the program is really in; initdb stands beside it there.
func folderOf(dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("%q: a relative folder on PATH is not looked at", dir)
	}
	program, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return "", err
	}
	return filepath.Dir(program), nil
}

var versionLine = regexp.MustCompile(`^postgres \([^)]*\) (\d+)`)

// examine runs postgres --version as the account that will run the server.
func examine(ctx context.Context, acct *osUser, dir string) (Binaries, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	bin := Binaries{Dir: dir}
	if _, err := os.Stat(bin.program("initdb")); err != nil {
		return bin, fmt.Errorf("%s has no initdb", dir)
	}
	out, err := acct.command(ctx, "/", bin.program("postgres"), "--version").Output()
	if err != nil {
		return bin, fmt.Errorf("%s cannot be run: %w", bin.program("postgres"), err)
	}
	bin.Version = strings.TrimSpace(string(out))
	match := versionLine.FindStringSubmatch(bin.Version)
	if match == nil {
		return bin, fmt.Errorf("%s is not understood: it says %q", bin.program("postgres"), bin.Version)
	}
	if bin.Major, err = strconv.Atoi(match[1]); err != nil {
		return bin, fmt.Errorf("%s: %w", bin.program("postgres"), err)
	}
	if bin.Major < MinVersion {
		return bin, fmt.Errorf("%s is version %d, too old", dir, bin.Major)
	}
	return bin, nil
}
