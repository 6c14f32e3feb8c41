package privatepg

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// As root every other test has run the server under another account; here they all run again as somebody ordinary. When
// we are somebody ordinary to begin with, they already did.
func TestEverythingWorksForAnOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	nobody, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.Atoi(nobody.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(nobody.Gid)
	require.NoError(t, err)

	home := openFolder(t)
	require.NoError(t, os.Chown(home, uid, gid))
	program := filepath.Join(home, "privatepg.test") // the go tool builds where only root can look
	require.NoError(t, copyFile(os.Args[0], program, 0o755))

	cmd := exec.CommandContext(t.Context(), program, "-test.v")
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "TMPDIR=" + home, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestRootIsToldWhyAClosedFolderWillNotDo(t *testing.T) {
	acct, err := serverAccount()
	require.NoError(t, err)
	if acct == nil {
		require.NotZero(t, os.Geteuid(), "an ordinary user runs the server as himself")
		return
	}
	require.NotZero(t, acct.uid)
	closed := filepath.Join(openFolder(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	_, err = Start(t.Context(), Options{Dir: filepath.Join(closed, "pg"), Logger: quiet()})
	require.ErrorContains(t, err, "cannot enter "+closed)
}
