package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/access/accesstest"
)

// Who was let in, and who was not any more, stood nowhere: a token is made and revoked in a file.
func TestATokenThatIsMadeOrRevokedIsARowOfTheHost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := accesstest.File(t, accesstest.Ops)
	w.orchestrate(map[string]string{"AUTH_CALLERS_FILE": path, "ORCHESTRATOR_HOST_NAME": "here"})
	l := w.ledger()
	row := func(part string) func() bool {
		return func() bool {
			return l.is(`exists (select from reporting.operator_action
				where verb = 'change_callers' and verb_zh = '调用方变动' and actor = 'here' and ` + part + `)`)
		}
	}
	token, err := access.CreateToken(path, "wang", access.Operator, time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	await(t, time.Minute, "it was made", row(
		`parameters->'added'->>0 like 'wang operator % until 2027-03-01' and parameters->'ended' = '[]'`))
	_, err = access.Revoke(path, "wang", "")
	require.NoError(t, err)
	await(t, time.Minute, "it was revoked", row(
		`parameters->'ended'->>0 like 'wang operator %' and parameters->'added' = '[]'`))
	require.True(t, l.is(`(select count(*) = 2 from operator_action where verb = 'change_callers')`))
	require.False(t, l.is(`exists (select from operator_action where parameters::text like '%`+token+`%')`))
}
