package wire

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

func TestEveryFaultHasAPlan(t *testing.T) {
	t.Parallel()
	require.Equal(t, behaviour.FaultKinds(), slices.Sorted(maps.Keys(faultPlans)))
}
