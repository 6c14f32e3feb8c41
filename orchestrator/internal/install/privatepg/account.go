package privatepg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
)

// osUser is the one that the server runs under when we are root; nil means our own.
type osUser struct {
	name     string
	uid, gid int
}

var errNoAccount = errors.New("neither the account postgres nor nobody exists, and PostgreSQL refuses to run as root")

// serverAccount answers nil unless we are root.
func serverAccount() (*osUser, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr != nil || gidErr != nil || uid == 0 {
			continue
		}
		return &osUser{name: name, uid: uid, gid: gid}, nil
	}
	return nil, errNoAccount
}

// effectiveUID answers the account's user id, or ours.
func (a *osUser) effectiveUID() int {
	if a == nil {
		return os.Geteuid()
	}
	return a.uid
}

// give hands a path to the account; it does nothing when the account is our own.
func (a *osUser) give(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// command prepares a program of PostgreSQL's to run in dir, under the account, with nothing of our own environment but
// what finding shared libraries takes: our secrets are none of its business, and PG* variables would change what it
// does.
func (a *osUser) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // G204: the program is one that Find chose
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SystemRoot":
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.SysProcAttr = shortLived(a)
	return cmd
}

// checkReach says whether the account can enter dir. Asking the kernel as that account covers modes and access lists
// alike.
func (a *osUser) checkReach(ctx context.Context, dir string) error {
	if a == nil {
		return nil
	}
	if err := a.command(ctx, dir, "/bin/sh", "-c", ":").Run(); err != nil {
		return fmt.Errorf("the account %s, which PostgreSQL runs under because we are root, cannot enter %s: "+
			"choose a folder that is not below one closed to others (such as /root): %w", a.name, dir, err)
	}
	return nil
}
