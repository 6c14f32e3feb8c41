package wmssvc_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// accountsIn writes an accounts file with the files beside it.
func accountsIn(t *testing.T, content string, beside map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range beside {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	path := filepath.Join(folder, "accounts.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

const twoAccounts = `
accounts:
  - name: south
    url: https://south.example/wms_api/wdt_service.php
    sid: s1
    app_key_file: key
    app_secret_file: secret
    rate: 3
    concurrency: 2
    timeout: 5s
    extra_order_types: [CNJG]
  - name: north
    url: https://north.example
    dialect: qimen
    sign_method: hmac-sha256
    sid: c-9
    app_key_file: key
    app_secret_file: secret
`

func TestAccountsFileBesideTheEnvironmentsAccount(t *testing.T) {
	t.Parallel()
	path := accountsIn(t, twoAccounts, map[string]string{"key": "k\n", "secret": "s\n"})
	cfg, err := wmssvc.LoadConfig(env(with(map[string]string{"WMS_ACCOUNTS_FILE": path})))
	require.NoError(t, err)
	require.Len(t, cfg.Accounts, 3)
	require.Equal(t, wmssvc.DefaultAccount, cfg.Accounts[0].Name)
	south := cfg.Accounts[1]
	require.Equal(t, "k", south.AppKey.Reveal())
	require.InDelta(t, 3, *south.Rate, 0)
	require.Equal(t, 5*time.Second, south.Timeout)
	require.Equal(t, "hmac-sha256", cfg.Accounts[2].SignMethod)

	cfg, err = wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": path}))
	require.NoError(t, err, "the file alone is enough")
	require.Len(t, cfg.Accounts, 2)
}

func TestAccountsFileProblemsNameTheAccountAndKey(t *testing.T) {
	t.Parallel()
	path := accountsIn(t, `
accounts:
  - name: south
    url: nonsense
    app_key_file: nowhere
    timeout: soon
  - name: south
    url: https://x.example
    dialect: erp
`, nil)
	_, err := wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": path}))
	for _, want := range []string{
		"account south: url: not an address", "account south: sid: not set", "account south: app_key_file: open ",
		"account south: app_secret_file: not set", `account south: timeout: "soon"`, `account south: dialect: "erp"`,
		`account "south" is configured twice`,
	} {
		require.ErrorContains(t, err, want)
	}
	for name, content := range map[string]string{
		"an unknown key": "accounts:\n  - nmae: x\n", "no accounts": "accounts: []\n",
		"a secret in the open": "accounts:\n  - app_secret: x\n",
	} {
		_, err := wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": accountsIn(t, content, nil)}))
		require.ErrorContains(t, err, "WMS_ACCOUNTS_FILE", name)
	}
}

func TestEachAccountHasItsOwnServerWindowAndDialect(t *testing.T) {
	t.Parallel()
	south, north := newSandbox(t, behaviour.Personality{}), newSandbox(t, behaviour.Personality{})
	cfg := sandboxConfig(south.URL())
	second := cfg.Accounts[0]
	second.Name, second.URL, second.Dialect = "north", north.QimenURL(), "qimen"
	cfg.Accounts = append(cfg.Accounts, second)
	key := create(t, north, "ZZCX1", warehouse.StateApproved)
	_, client := start(t, cfg)

	stream, first := open(t, t.Context(), client)
	frame, err := stream.Recv()
	require.NoError(t, err)
	require.Equal(t, "default", first.GetAccount().GetName())
	require.Equal(t, "north", frame.GetWindow().GetAccount().GetName())
	require.Equal(t, "qimen", frame.GetWindow().GetAccount().GetDialect())

	require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: order(1, coded("ZZCX1"))}))
	frame, err = stream.Recv()
	require.NoError(t, err)
	require.Equal(t, notFound, frame.GetResult().GetDisposition(), "the default account's WMS does not have it")
	require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: order(2, coded("ZZCX1"),
		func(o *wmsv1.Order) { o.Account = "north" })}))
	frame, err = stream.Recv()
	require.NoError(t, err)
	require.Equal(t, done, frame.GetResult().GetDisposition())
	truth, err := north.Truth(key)
	require.NoError(t, err)
	require.Equal(t, 1, truth.Effects)
}

func TestCheckAgainstSeveralPersonalities(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		personality behaviour.Personality
		spoil       func(*wmssvc.Account)
		finding     string
		fails       bool
	}{
		"strict": {finding: "finding   account, key and signature are accepted\n"},
		"silent about unknown orders": {
			personality: behaviour.Personality{UnknownOrder: "success"},
			finding:     "does not say that an order is unknown",
		},
		"throttled": {
			personality: behaviour.Personality{RatePerMinute: 1}, finding: "refused for frequency", fails: true,
		},
		"a clock that differs": {
			personality: behaviour.Personality{ClockOffsetSeconds: 90},
			finding: "but the clocks differ\n          账号、密钥和签名均被接受，但时钟不一致\n" +
				"to do     let this host keep its time by NTP",
		},
		"a clock that differs too much": {
			personality: behaviour.Personality{ClockOffsetSeconds: -3600},
			finding: "refused, and the clocks differ: the request's timestamp is not accepted: invalid-timestamp " +
				"旺店通WMS返回：时间戳超出允许范围 the WMS's clock is",
			fails: true,
		},
		"a wrong secret": {
			spoil: func(a *wmssvc.Account) { a.AppSecret = "x" }, finding: "signature is refused: sign-check-failure",
			fails: true,
		},
		"a dialect it does not speak": {
			spoil:   func(a *wmssvc.Account) { a.Dialect, a.SignMethod = "qimen", "md5" },
			finding: "to do     check WMS_DIALECT", fails: true,
		},
		"a certificate of its own": {
			spoil:   func(a *wmssvc.Account) { a.URL, _ = secured(t) },
			finding: "name that (or its authority's) in WMS_CA_FILE", fails: true,
		},
		"nobody there": {
			spoil: func(a *wmssvc.Account) { a.URL = "http://127.0.0.1:1" }, finding: "could not be reached",
			fails: true,
		},
		"something else at that address": {
			spoil: func(a *wmssvc.Account) { a.URL += "/x" }, finding: "gave no readable answer", fails: true,
		},
		"odd looks, answers without codes": {
			personality: behaviour.Personality{FailureCode: "absent", TextElement: "msg", Declaration: "absent"},
			finding:     "are accepted\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wms := newSandbox(t, c.personality)
			cfg := sandboxConfig(wms.URL())
			if c.spoil != nil {
				c.spoil(&cfg.Accounts[0])
			}
			var out bytes.Buffer
			if c.personality.RatePerMinute > 0 {
				_ = wmssvc.Check(t.Context(), cfg, &out)
				out.Reset()
			}
			err := wmssvc.Check(t.Context(), cfg, &out)
			require.Equal(t, c.fails, err != nil, "%v", err)
			require.Contains(t, out.String(), c.finding)
			require.NotContains(t, out.String(), sandbox.DemoSecret)
		})
	}
}
