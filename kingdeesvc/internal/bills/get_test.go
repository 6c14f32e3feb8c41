package bills

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

func TestGet(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{})
	made := b.bill(t, 2)

	got, left, err := b.reading(t, withComponents).Get(t.Context(), made.ID)
	require.NoError(t, err)
	require.Len(t, components(got), 2)
	require.False(t, left.IsZero())

	_, _, err = b.reading(t, Options{}).Get(t.Context(), 999)
	require.Equal(t, kingdee.NotFound, kingdee.ClassOf(err))
}

// View and query may differ in what a user is shown; here they do because rights change between the two.
func TestGetOfABillThatTheQueryDoesNotShow(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{})
	made := b.bill(t, 2)
	b.before = func(kingdee.Query) { b.vendor.SetPersonality(behaviour.Personality{HiddenOrgs: []string{"100"}}) }
	_, _, err := b.reading(t, Options{}).Get(t.Context(), made.ID)
	require.ErrorIs(t, err, ErrNotShown)
}
