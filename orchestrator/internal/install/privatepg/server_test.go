package privatepg

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

func TestThrowAwayServerIsGoneAfterStop(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	require.Equal(t, "off", query1[string](t, server.URL(), `show fsync`))
	require.Equal(t, "127.0.0.1", query1[string](t, server.URL(), `show listen_addresses`))
	require.Equal(t, "voidrelay", query1[string](t, server.URL(), `select current_database()`))
	require.True(t, runsIn(server.PID(), server.data))

	require.NoError(t, server.Stop(t.Context()))
	require.NoError(t, server.Stop(t.Context()), "a second stop is fine")
	require.False(t, alive(server.PID()))
	require.NoDirExists(t, server.Dir())
	require.Error(t, server.Restart(t.Context()))
}

func TestNobodyGetsInWithoutThePassword(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	wrong, err := url.Parse(server.URL())
	require.NoError(t, err)
	wrong.User = url.UserPassword(superuser, "guess")
	_, err = pgx.Connect(t.Context(), wrong.String())
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "28P01", refused.Code)

	for _, name := range []string{"password", "url"} {
		info, err := os.Stat(filepath.Join(server.Dir(), name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	info, err := os.Stat(server.Dir())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestDurableFolderKeepsItsDataAndRefusesASecondRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "deeper", "pg")
	first := start(t, Options{Dir: dir})
	require.Equal(t, "on", query1[string](t, first.URL(), `show fsync`))
	exec1(t, first.URL(), `create table kept as select 7 as n`)

	_, err := Start(t.Context(), Options{Dir: dir, Logger: quiet()})
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, dir, inUse.Dir)
	require.Contains(t, err.Error(), "in use by another voidrelay")
	require.Equal(t, 7, query1[int](t, first.URL(), `select n from kept`), "the refused start left the first alone")

	require.NoError(t, first.Stop(t.Context()))
	second := start(t, Options{Dir: dir})
	require.Equal(t, 7, query1[int](t, second.URL(), `select n from kept`))
}

func TestKilledServerComesBackAtTheSameAddress(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	address := server.URL()
	exec1(t, address, `create table kept as select 7 as n`)
	ended := server.Done()
	require.NoError(t, server.Kill())
	<-ended
	require.NoError(t, server.Kill(), "a second kill is fine")

	require.NoError(t, server.Restart(t.Context()))
	require.NoError(t, server.Restart(t.Context()), "a restart of a running server is fine")
	require.Equal(t, address, server.URL())
	require.Equal(t, 7, query1[int](t, address, `select n from kept`),
		"what was committed survives SIGKILL without fsync")
}

func TestStopWithoutPatienceStillEndsTheServer(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, server.Stop(ctx))
	require.False(t, alive(server.PID()))
}

func TestStartSaysWhatTheServerLogged(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "pg")
	_, err := Start(t.Context(),
		Options{Dir: dir, Logger: quiet(), ExtraSettings: map[string]string{"shared_buffers": "plenty"}})
	require.ErrorContains(t, err, `invalid value for parameter "shared_buffers": "plenty"`)
	server := start(t, Options{Dir: dir, ExtraSettings: map[string]string{"shared_buffers": "16MB"}})
	require.Equal(t, "16MB", query1[string](t, server.URL(), `show shared_buffers`))
}

func TestATakenPortIsAnError(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, err = Start(t.Context(), Options{Port: listener.Addr().(*net.TCPAddr).Port, Logger: quiet()})
	require.ErrorIs(t, err, errPortTaken)
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{Dir: filepath.Join(openFolder(t), "pg"), Logger: quiet()})
	require.ErrorIs(t, err, context.Canceled)
}

func TestPasswordDoesNotPrint(t *testing.T) {
	t.Parallel()
	secret := newPassword()
	require.False(t, strings.Contains(secret.String()+secret.GoString(), string(secret)))
}
