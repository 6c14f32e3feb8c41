package kingdee

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const vectorAppID = "123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"

// The worked example of the recipe in vip.kingdee.com/knowledge/650369502764414208: values sorted by bytes, joined,
// hashed with SHA-256, or with SHA-1 for servers below patch PT-146911.
func TestSignAuthAgainstTheWorkedExample(t *testing.T) {
	for old, sign := range map[bool]string{
		false: "5415400551e874608a571c3a1f752d2c25f45c6cda6233e3badb1063ff08b378",
		true:  "d3a201e9dda2e9b802168bb1900ed0de6d370181",
	} {
		auth := SignAuth{
			Account: Account{AcctID: "acct-0001", Username: "demo-user", LCID: 2052},
			AppID:   vectorAppID, AppSecret: "test-app-secret-value", SHA1: old,
		}
		require.Equal(t, Login{
			Method: "LoginBySign", Parameters: []any{"acct-0001", "demo-user", vectorAppID, "1700000000", sign, 2052},
		},
			auth.Login(time.Unix(1700000000, 999), false))
		require.Equal(t, Login{Method: "LoginBySign2", Parameters: []any{
			"acct-0001", "demo-user", vectorAppID, "1700000000", sign, false, 2052,
		}},
			auth.Login(time.Unix(1700000000, 999), true))
	}
}

func TestTheOtherLoginsNameTheirArgumentsByPosition(t *testing.T) {
	account := Account{AcctID: "acct", Username: "user", LCID: 1033}
	for want, auth := range map[string]Auth{
		"LoginByAppSecret": AppSecretAuth{Account: account, AppID: "app", AppSecret: "secret"},
		"ValidateUser":     PasswordAuth{Account: account, Password: "secret"},
	} {
		parameters := []any{"acct", "user", "app", "secret"}
		if want == "ValidateUser" {
			parameters = []any{"acct", "user", "secret"}
		}
		require.Equal(t, Login{Method: want, Parameters: append(parameters[:len(parameters):len(parameters)], 1033)},
			auth.Login(time.Time{}, false))
		require.Equal(t, Login{Method: want + "2", Parameters: append(parameters, false, 1033)},
			auth.Login(time.Time{}, true))
	}
}

// The vector was made with the vendor's Python SDK 8.2.0 and is published as a Go test of a public client.
func TestHeaderAuthAgainstTheVendorsSDK(t *testing.T) {
	auth, err := NewHeaderAuth(Account{AcctID: "dcid-1", Username: "user-1", LCID: 2052}, "100",
		vectorAppID, "test-app-secret-value")
	require.NoError(t, err)
	require.Equal(t, "UVJWUANVXl8KXFlfWV1YSBNCShcUQRNL", auth.clientSecret.Reveal())
	header := http.Header{}
	auth.signAs(header, "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc",
		"1700000000", "1700000000")
	for name, want := range map[string]string{
		"X-Api-ClientID": "123456", "X-Api-Auth-Version": "2.0",
		"x-api-timestamp": "1700000000", "x-api-nonce": "1700000000",
		"x-api-signheaders": "x-api-timestamp,x-api-nonce", "X-Kd-Appkey": vectorAppID,
		"X-Api-Signature": "MjNhMzg5MmZiMWE1MTQ1ZGE5NWFkYmZiZWYxYzhlY2NjNzcwM2ZjNDJlZTczMzBhNzkxOTk1ODhjNDZkMTEzYw==",
		"X-Kd-Appdata":    "ZGNpZC0xLHVzZXItMSwyMDUyLDEwMA==",
		"X-Kd-Signature":  "NjI5MzRiZGVhNGJhOWY2N2Y2YzQ2MzQ5ODA3N2JiZTRiMDRmOTUwNjI3YWIzODU1ODBkZDdhNzgwMzdmMDgxMg==",
	} {
		require.Equal(t, want, header.Get(name), name)
	}
	require.Equal(t, "MThmZGFiM2U5MGZhNmU0MDQ0MWI1NTNkNmNmMjY2MDY0YzEzZTllNTA0OTBmM2M0NDI2NzFiMTI3NTFkZmU1ZQ==",
		b64hex("key123", "POST\n%2Ftest\n\nx-api-nonce:1\nx-api-timestamp:1\n"))

	unset, err := NewHeaderAuth(Account{AcctID: "a", Username: "u", LCID: 2052}, "", vectorAppID, "s")
	require.NoError(t, err)
	require.Equal(t, "0", unset.orgNum)
	for _, appID := range []string{"", "123456", "_YWJj", "1_", "1_not base64!", "1_" + vectorAppID} {
		_, err := NewHeaderAuth(Account{}, "", appID, "s")
		require.Error(t, err, appID)
	}
}
