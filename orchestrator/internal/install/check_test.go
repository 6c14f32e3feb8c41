package install_test

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/access/authority"
	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/orchestrator/internal/checkup"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/wmssvc"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
)

// settingsOf are those of one process on two vendors that run, whose clock is ahead by so much, on a ledger of their
// own.
func settingsOf(t *testing.T, ahead time.Duration) map[string]string {
	t.Helper()
	k, err := kingdee.Start(t.Context(), kingdee.Config{Now: func() time.Time { return time.Now().Add(ahead) }})
	require.NoError(t, err)
	w, err := wms.Start(t.Context(), wms.Config{})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, k.Stop(context.WithoutCancel(t.Context())))
		require.NoError(t, w.Stop(context.WithoutCancel(t.Context())))
	})
	env := install.SandboxSettings(k.URL(), w.URL())
	maps.Copy(env, map[string]string{
		"DATABASE_URL": storetest.URL(t), "SCHEMES_FILE": schemeFile(t, "", ""),
		"KINGDEESVC_ADDR": "127.0.0.1:0", "WMSSVC_ADDR": "127.0.0.1:0",
	})
	return env
}

// schemeFile is the shipped scheme with one text in it changed.
func schemeFile(t *testing.T, old, changed string) string {
	t.Helper()
	text := strings.Replace(string(scheme.ShippedDocument()), old, changed, 1)
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// checked runs the check and answers its findings by question; of several answers to one, the worst.
func checked(t *testing.T, env map[string]string) map[string]checkup.Finding {
	t.Helper()
	o, closing, err := install.Checkup(t.Context(), func(name string) string { return env[name] })
	require.NoError(t, err)
	defer closing()
	rank := map[checkup.Result]int{checkup.OK: 1, checkup.Skipped: 2, checkup.Warning: 3, checkup.Failed: 4}
	byID := map[string]checkup.Finding{}
	for _, f := range checkup.Run(t.Context(), o) {
		require.NotEmpty(t, f.Title.ZH, f.ID)
		require.NotEmpty(t, f.Found.ZH, f.ID)
		require.NotEmpty(t, f.Found.EN, f.ID)
		bad := f.Result == checkup.Warning || f.Result == checkup.Failed
		advised := f.Advice.ZH != "" && f.Advice.EN != ""
		require.Equal(t, bad, advised, "%s: advice exactly where something is wrong", f.ID)
		if rank[f.Result] > rank[byID[f.ID].Result] {
			byID[f.ID] = f
		}
	}
	return byID
}

// requireOnly holds the failures against those that are meant.
func requireOnly(t *testing.T, got map[string]checkup.Finding, want ...string) {
	t.Helper()
	var bad []string
	for id, f := range got {
		if f.Result == checkup.Failed {
			bad = append(bad, id)
		}
	}
	require.ElementsMatch(t, want, bad, "%v", got)
}

func TestCheckOfASoundInstallationFindsNothingWrong(t *testing.T) {
	env := settingsOf(t, 0)
	got := checked(t, env)
	requireOnly(t, got)
	for _, id := range []string{
		"schemes", "scheme.environment", "scheme.data_center", "kingdee.login", "wms.account", "environment",
		"database",
		"database.encoding", "database.pooler", "database.writable", "database.schema", "database.role", "conditions",
		"clock", "files",
	} {
		require.Equal(t, checkup.OK, got[id].Result, "%s: %v", id, got[id])
	}

	got = checked(t, map[string]string{
		"DATABASE_URL": env["DATABASE_URL"], "KINGDEESVC_TARGET": "127.0.0.1:1", "WMSSVC_TARGET": "127.0.0.1:1",
	})
	requireOnly(t, got, "kingdee.adapter", "wms.adapter")
	require.Contains(t, got["wms.adapter"].Advice.EN, "WMSSVC_TARGET")
	require.Equal(t, checkup.OK, got["database.role"].Result, "what can still be asked is asked")
}

func TestCheckSaysThatAHostRemembersNothingOfTheLedger(t *testing.T) {
	beside := map[string]string{
		"DATABASE_URL": storetest.URL(t), "KINGDEESVC_TARGET": "127.0.0.1:1", "WMSSVC_TARGET": "127.0.0.1:1",
	}
	got := checked(t, beside)["memory"]
	require.Equal(t, checkup.Warning, got.Result)
	require.Contains(t, got.Advice.ZH, "STATE_DIR")
	beside["STATE_DIR"] = t.TempDir()
	require.Equal(t, checkup.OK, checked(t, beside)["memory"].Result)
}

// A wmssvc whose WMS_CALLERS do not have the orchestrator answers every question of check's and would refuse each
// cancel; one that does not know the token answers nothing.
func TestCheckTellsOfAnAdapterThatRefusesTheOrchestrator(t *testing.T) {
	const token = "0123456789abcdefo"
	ours := accesstest.File(t, accesstest.Caller{Name: "orchestrator", Role: "viewer", Token: token})
	vendors := settingsOf(t, 0)
	wmssvcWith := func(more map[string]string) string {
		cfg, err := wmssvc.LoadConfig(func(name string) string { return cmp.Or(more[name], vendors[name]) })
		require.NoError(t, err)
		server, err := wmssvc.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
		return server.Addr()
	}
	beside := map[string]string{
		"DATABASE_URL": vendors["DATABASE_URL"], "KINGDEESVC_TARGET": "127.0.0.1:1", "ADAPTER_TOKEN": token,
	}
	beside["WMSSVC_TARGET"] = wmssvcWith(map[string]string{"AUTH_CALLERS_FILE": ours, "WMS_CALLERS": "another"})
	got := checked(t, beside)["wms.callers"]
	require.Equal(t, checkup.Failed, got.Result, "%v", got)
	require.Contains(t, got.Found.EN, "only another may")
	require.Contains(t, got.Advice.ZH, "WMS_CALLERS")

	beside["WMSSVC_TARGET"] = wmssvcWith(map[string]string{"AUTH_CALLERS_FILE": ours})
	require.NotContains(t, checked(t, beside), "wms.callers")
	beside["ADAPTER_TOKEN"] = "0123456789abcdefx"
	got = checked(t, beside)["wms.adapter"]
	require.Equal(t, checkup.Failed, got.Result)
	require.Contains(t, got.Advice.ZH, "ADAPTER_TOKEN")
}

func TestCheckAsksAdaptersThatRun(t *testing.T) {
	b := setup(t, 0)
	// setup's orchestrator has its adapters on free ports of its own; here they are found by their targets.
	o, closing, err := install.Checkup(t.Context(), func(name string) string {
		return map[string]string{
			"DATABASE_URL": b.database.URL(), "KINGDEESVC_TARGET": b.all.Kingdee.Addr(),
			"WMSSVC_TARGET": b.all.WMS.Addr(),
		}[name]
	})
	require.NoError(t, err)
	defer closing()
	clocks := map[string]checkup.Result{}
	for _, f := range checkup.Run(t.Context(), o) {
		require.NotEqual(t, checkup.Failed, f.Result, "%v", f)
		if f.ID == "clock" {
			clocks[f.About] = f.Result
		}
		if f.ID == "scheme.standing" {
			require.Contains(t, f.Found.EN, "mode send")
		}
	}
	require.Equal(t, map[string]checkup.Result{
		"database": checkup.OK, "kingdeesvc": checkup.OK, "wmssvc": checkup.OK, "kingdee": checkup.OK,
		"wms default": checkup.OK,
	}, clocks)
}

func TestCheckNamesAWrongSecretAMissingAccountAndAClockThatIsOff(t *testing.T) {
	env := settingsOf(t, 3*time.Minute)
	got := checked(t, env)
	requireOnly(t, got)
	require.Equal(t, checkup.Warning, got["clock"].Result)
	require.Equal(t, "kingdee", got["clock"].About)
	require.Contains(t, got["clock"].Advice.EN, "the clock of kingdee")

	env["WMS_APP_SECRET"] = "wrong"
	env["SCHEMES_FILE"] = schemeFile(t, "CK002: {account: default,", "CK002: {account: yiwu,")
	got = checked(t, env)
	requireOnly(t, got, "wms.account")

	env = settingsOf(t, 0)
	env["KINGDEE_APP_SECRET"] = "wrong"
	env["SCHEMES_FILE"] = schemeFile(t, "CK002: {account: default,", "CK002: {account: yiwu,")
	got = checked(t, env)
	require.Equal(t, checkup.Failed, got["kingdee.login"].Result)
	require.Contains(t, got["wms.account"].Advice.EN, "WMS_ACCOUNTS_FILE")
	require.Equal(t, "yiwu", got["wms.account"].About)
}

func TestCheckTellsAWrongExampleAndAsksTheRestNevertheless(t *testing.T) {
	env := settingsOf(t, 0)
	env["SCHEMES_FILE"] = schemeFile(t, "{warehouse_code: WH-YW01, order_code", "{warehouse_code: WH-XX01, order_code")
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(env["KINGDEE_APP_SECRET"]), 0o600))
	require.NoError(t, os.Chmod(secret, 0o644))
	delete(env, "KINGDEE_APP_SECRET")
	env["KINGDEE_APP_SECRET_FILE"] = secret
	got := checked(t, env)
	requireOnly(t, got, "schemes")
	require.Contains(t, got["schemes"].Found.EN, "WH-XX01")
	require.Contains(t, got["schemes"].Advice.EN, "voidrelay scheme check")
	require.Equal(t, checkup.OK, got["kingdee.login"].Result)
	require.Equal(t, checkup.Warning, got["files"].Result)
	require.Contains(t, got["files"].Advice.ZH, "chmod 600 "+secret)
}

func TestCheckRefusesADatabaseThatCannotHoldEveryText(t *testing.T) {
	for encoding, want := range map[string]checkup.Result{
		"LATIN1": checkup.Failed, "EUC_CN": checkup.Failed, "SQL_ASCII": checkup.Warning,
	} {
		address := storetest.EmptyURL(t)
		admin, err := pgx.Connect(t.Context(), address)
		require.NoError(t, err)
		name := "voidrelay_check_" + strings.ToLower(encoding) + fmt.Sprint(time.Now().UnixNano())
		_, err = admin.Exec(t.Context(),
			`create database `+name+` encoding '`+encoding+`' locale 'C' template template0`)
		require.NoError(t, err)
		t.Cleanup(func() {
			ctx := context.WithoutCancel(t.Context())
			_, err := admin.Exec(ctx, `drop database `+name+` with (force)`)
			require.NoError(t, err)
			require.NoError(t, admin.Close(ctx))
		})
		parsed, err := url.Parse(address)
		require.NoError(t, err)
		parsed.Path = "/" + name
		got := checked(t, map[string]string{
			"DATABASE_URL": parsed.String(), "KINGDEESVC_TARGET": "127.0.0.1:1", "WMSSVC_TARGET": "127.0.0.1:1",
		})
		require.Equal(t, want, got["database.encoding"].Result)
		require.Contains(t, got["database.encoding"].Found.EN, encoding)
		require.Equal(t, checkup.Failed, got["database.schema"].Result)
		require.Contains(t, got["database.schema"].Advice.EN, "voidrelay migrate")
	}
}

func TestCheckNoticesATransactionPoolerAndMissingRights(t *testing.T) {
	address := storetest.URL(t)
	admin, err := pgx.Connect(t.Context(), storetest.OwnerURL(t, address))
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), `revoke insert on voidrelay.bill from voidrelay_app`)
	require.NoError(t, err)
	require.NoError(t, admin.Close(t.Context()))
	env := map[string]string{
		"DATABASE_URL": address, "KINGDEESVC_TARGET": "127.0.0.1:1", "WMSSVC_TARGET": "127.0.0.1:1",
	}
	got := checked(t, env)
	require.Equal(t, checkup.Failed, got["database.role"].Result)
	require.Contains(t, got["database.role"].Found.EN, "insert on voidrelay.bill")
	require.Equal(t, checkup.OK, got["database.pooler"].Result)

	env["DATABASE_URL"] = "postgres://x@" + pooler(t, address) + "/x?sslmode=disable"
	got = checked(t, env)
	require.Equal(t, checkup.Failed, got["database.pooler"].Result)
	require.Contains(t, got["database.pooler"].Advice.EN, "PgBouncer")
}

// pooler is a transaction pooler with one connection to the database: each transaction of a client has it to itself.
func pooler(t *testing.T, address string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), address)
	require.NoError(t, err)
	server, err := conn.Hijack()
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = listener.Close()
		_ = server.Conn.Close()
	})
	var turn sync.Mutex
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serveTransactions(client, server.Frontend, &turn)
		}
	}()
	return listener.Addr().String()
}

func serveTransactions(client net.Conn, database *pgproto3.Frontend, turn *sync.Mutex) {
	defer func() { _ = client.Close() }()
	face := pgproto3.NewBackend(client, client)
	if _, err := face.ReceiveStartupMessage(); err != nil {
		return
	}
	face.Send(&pgproto3.AuthenticationOk{})
	face.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
	face.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
	face.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	face.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if face.Flush() != nil {
		return
	}
	mine := false
	for {
		message, err := face.Receive()
		if _, end := message.(*pgproto3.Terminate); end || err != nil {
			if mine {
				turn.Unlock()
			}
			return
		}
		if !mine {
			turn.Lock()
			mine = true
		}
		database.Send(message)
		if database.Flush() != nil {
			return
		}
		if _, whole := message.(*pgproto3.Query); !whole {
			if _, sync := message.(*pgproto3.Sync); !sync {
				continue
			}
		}
		for {
			answer, err := database.Receive()
			if err != nil {
				return
			}
			face.Send(answer)
			if ready, done := answer.(*pgproto3.ReadyForQuery); done {
				if ready.TxStatus == 'I' {
					turn.Unlock()
					mine = false
				}
				break
			}
		}
		if face.Flush() != nil {
			return
		}
	}
}

func TestCheckSaysWhichCertificateEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	require.NoError(t, authority.Init(dir, nil))
	certificate, key := authority.Paths(dir, "orchestrator")
	trusted, _ := authority.Paths(dir, authority.Name)
	env := settingsOf(t, 0)
	maps.Copy(env, map[string]string{
		"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": key, "ADAPTER_CA_FILE": trusted,
	})
	require.Equal(t, checkup.OK, checked(t, env)["certificate"].Result)
	for left, want := range map[time.Duration]checkup.Result{
		29 * 24 * time.Hour: checkup.Warning, -time.Hour: checkup.Failed,
	} {
		require.NoError(t, os.WriteFile(trusted, ending(t, time.Now().Add(left)), 0o600))
		got := checked(t, env)["certificate"]
		require.Equal(t, want, got.Result)
		require.Equal(t, "ADAPTER_CA_FILE", got.About)
		require.Contains(t, got.Found.EN, time.Now().Add(left).UTC().Format(time.DateOnly))
	}
}

// A token that has ended lets nobody in, and nothing said so before its owner was refused.
func TestCheckSaysWhoseTokenEnds(t *testing.T) {
	env := settingsOf(t, 0)
	for left, want := range map[int]string{
		30: "2", 3: "the last day of the token of zhao", -2: "the token of zhao has ended",
	} {
		env["AUTH_CALLERS_FILE"] = filepath.Join(t.TempDir(), "callers")
		for name, until := range map[string]time.Time{"li": {}, "zhao": time.Now().AddDate(0, 0, left)} {
			_, err := access.CreateToken(env["AUTH_CALLERS_FILE"], name, access.Viewer, until)
			require.NoError(t, err)
		}
		got := checked(t, env)["callers"]
		require.Equal(t, left == 30, got.Result == checkup.OK)
		require.Contains(t, got.Found.EN, want)
		require.Equal(t, "AUTH_CALLERS_FILE", got.About)
	}
}

// ending is a certificate in PEM that ends then.
func ending(t *testing.T, end time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.Add(-time.Hour), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
