package kingdeesvc_test

import (
	"maps"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Every way in, against servers of each kind: which methods are called, and that no session is left behind.
func TestEveryWayInOpensOneSessionAndClosesIt(t *testing.T) {
	password := map[string]string{"KINGDEE_AUTH": "password", "KINGDEE_PASSWORD": "sandbox-password"}
	for name, c := range map[string]struct {
		env   map[string]string
		old   bool
		login string
	}{
		"sign":               {nil, false, "loginbysign"},
		"sign, old server":   {map[string]string{"KINGDEE_SIGN_HASH": "sha1"}, true, "loginbysign"},
		"sign, keeps others": {map[string]string{"KINGDEE_KICK_OFF": "false"}, false, "loginbysign2"},
		"application secret": {map[string]string{"KINGDEE_AUTH": "app_secret"}, false, "loginbyappsecret"},
		"secret, keeps others": {
			map[string]string{"KINGDEE_AUTH": "app_secret", "KINGDEE_KICK_OFF": "false"}, false, "loginbyappsecret2",
		},
		"password": {password, false, "validateuser"},
		"password, keeps other": {
			merged(password, map[string]string{"KINGDEE_KICK_OFF": "false"}), false, "validateuser2",
		},
		"signed headers": {map[string]string{"KINGDEE_AUTH": "header", "KINGDEE_ORG_NUM": "100"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, c.env, func(cfg *sandbox.Config) { cfg.Personality.OldServer = c.old })
			for range 3 {
				got, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
				require.NoError(t, err)
				require.Equal(t, sandbox.DefaultUsername, got.GetAccount().GetUserName())
			}
			if c.login != "" {
				require.Equal(t, 1, b.vendor.Calls()[c.login], "%v", b.vendor.Calls())
			}
			require.Equal(t, 1, b.vendor.Sessions())
			require.NoError(t, b.server.Stop(t.Context()))
			require.Zero(t, b.vendor.Sessions(), "logged out on exit")
		})
	}
}

func TestKeepingOthersInLeavesAnotherProgramsSessionAlone(t *testing.T) {
	for _, lacking := range []bool{false, true} {
		b := setup(t, nil, func(cfg *sandbox.Config) {
			cfg.Personality = behaviour.Personality{OneSessionPerUser: true, NoKickOffLogins: lacking}
		})
		again := setup(t, map[string]string{"KINGDEE_BASE_URL": b.vendor.URL(), "KINGDEE_KICK_OFF": "false"}, nil)
		logins := b.vendor.Calls()["loginbysign"]
		_, err := again.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		require.NoError(t, err)
		_, err = b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		require.NoError(t, err)
		if lacking {
			require.Equal(t, logins+1,
				b.vendor.Calls()["loginbysign"], "without the method the plain one throws the other out")
		} else {
			require.Equal(t, logins, b.vendor.Calls()["loginbysign"])
		}
	}
}

func TestSeveralSessionsServeSeveralCallersAtOnce(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_SESSIONS": "3"},
		func(cfg *sandbox.Config) { cfg.Personality.LatencyMillis = 50 })
	var callers sync.WaitGroup
	failed := make(chan error, 12)
	for range cap(failed) {
		callers.Go(func() {
			_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
			failed <- err
		})
	}
	callers.Wait()
	for range cap(failed) {
		require.NoError(t, <-failed)
	}
	require.Equal(t, 3, b.vendor.Sessions())
	require.Equal(t, 3, b.vendor.Calls()["loginbysign"])
	require.NoError(t, b.server.Stop(t.Context()))
	require.Zero(t, b.vendor.Sessions())
}

func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, one := range all {
		maps.Copy(out, one)
	}
	return out
}

func TestTheWrongHashIsARefusedLogin(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_SIGN_HASH": "sha1", noWait: "1"}, nil)
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED)
	require.ErrorContains(t, err, "002005000003016")
}

func TestWrongLoginsNeverLockTheAccount(t *testing.T) {
	b := setup(t, map[string]string{
		"KINGDEE_AUTH": "password", "KINGDEE_PASSWORD": "wrong", "KINGDEE_SESSIONS": "5", noWait: "1",
	},
		func(cfg *sandbox.Config) { cfg.Personality.LockAfterFailures = 3 })
	for range 10 {
		_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED)
	}
	require.Equal(t, 1, b.vendor.Calls()["validateuser"])
}

func TestALockedAccountHasItsOwnReason(t *testing.T) {
	env := map[string]string{"KINGDEE_AUTH": "password", "KINGDEE_PASSWORD": "wrong", noWait: "1"}
	b := setup(t, env, func(cfg *sandbox.Config) { cfg.Personality.LockAfterFailures = 1 })
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	// Once the refusal is here, the vendor has locked the account; that the call has arrived there would not say so.
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED)
	require.Equal(t, 1, b.vendor.Calls()["validateuser"])

	// a restart forgets the pause and meets the lock
	again := setup(t, merged(env, map[string]string{"KINGDEE_BASE_URL": b.vendor.URL()}), nil)
	_, err = again.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_ACCOUNT_LOCKED)
	require.InDelta(t, 1800, apierr.RetryAfter(err).Seconds(), 60)
}

// A login in which one field has another JSON type used to be "not the WebAPI".
func TestEveryKindOfOddLoginLetsUsIn(t *testing.T) {
	for _, odd := range []string{
		"code_number", "type_text", "message_list", "ticks_text", "ticks_float", "zone_text", "version_number",
		"name_by_language", "context_text",
	} {
		b := setup(t, nil, func(cfg *sandbox.Config) { cfg.Personality.OddLogins = []string{odd} })
		got, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		require.NoError(t, err, odd)
		require.Equal(t, sandbox.DefaultUsername, got.GetAccount().GetUserName())
		require.Equal(t, odd != "zone_text" && odd != "context_text",
			got.GetAccount().LoginUtcOffsetSeconds != nil, odd)
	}
}

func TestAnOddRefusalKeepsTheVendorsSentence(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_AUTH": "password", "KINGDEE_PASSWORD": "wrong", noWait: "1"},
		func(cfg *sandbox.Config) {
			cfg.Personality.OddLogins = []string{"code_number", "type_text", "message_list", "context_text"}
		})
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED)
	require.ErrorContains(t, err, "用户名或密码错误 (5003015)")
	require.InDelta(t, 1800, apierr.RetryAfter(err).Seconds(), 60)
}
