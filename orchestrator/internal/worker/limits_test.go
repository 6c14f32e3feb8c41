package worker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
)

func TestAJobThatReadsOutlivesItsStream(t *testing.T) {
	t.Parallel()
	require.Greater(t, readingTimeout, intake.StreamTimeout)
}
