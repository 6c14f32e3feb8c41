package jobs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAJobThatReadsOutlivesItsStream(t *testing.T) {
	t.Parallel()
	require.Greater(t, readingTimeout, streamTimeout)
}
