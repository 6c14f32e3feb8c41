package checkup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/returnapp"
)

// What a key is for is said of each that somebody may have to look up.
func TestEveryOpenColumnHasAPurpose(t *testing.T) {
	open := (&formRound{form: returnapp.Form}).open()
	require.NotEmpty(t, open)
	for _, o := range open {
		require.NotEmpty(t, purposes[o.Name].ZH, o.name)
		require.NotEmpty(t, purposes[o.Name].EN, o.name)
	}
}
