package sandbox

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFaultHasAPlan(t *testing.T) {
	t.Parallel()
	require.Equal(t, FaultKinds(), slices.Sorted(maps.Keys(faultPlans)))
}
