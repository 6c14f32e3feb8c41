package kingdee

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The worked example of the recipe in vip.kingdee.com/knowledge/650369502764414208: values sorted by bytes, joined, SHA-256.
func TestSignAuthAgainstTheWorkedExample(t *testing.T) {
	auth := SignAuth{
		Account:   Account{AcctID: "acct-0001", Username: "demo-user", LCID: 2052},
		AppID:     "123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
		AppSecret: "test-app-secret-value",
	}
	require.Equal(t, Login{Method: "LoginBySign", Parameters: []any{
		"acct-0001", "demo-user", "123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", "1700000000",
		"5415400551e874608a571c3a1f752d2c25f45c6cda6233e3badb1063ff08b378", 2052,
	}}, auth.Login(time.Unix(1700000000, 999)))
}
