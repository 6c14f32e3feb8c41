package bills

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

func TestAMissingOptionalKeyIsReportedOnceAndRemembered(t *testing.T) {
	b := setup(t, 2000, behaviour.Personality{MissingKeys: []string{"FLOT", "FNote"}})
	var log bytes.Buffer
	b.reader.logger = slog.New(slog.NewTextHandler(&log, nil))
	made := b.bill(t, 2)
	require.Empty(t, b.reader.MissingKeys())
	for range 2 {
		got, _, err := b.reading(t, Options{}).Get(t.Context(), made.ID)
		require.NoError(t, err)
		require.Len(t, products(got), 2)
	}
	require.Equal(t, []string{"FLOT.FNumber", "FNote"}, b.reader.MissingKeys())
	require.Equal(t, 1, strings.Count(log.String(), "FLOT.FNumber"))
	require.Equal(t, 1, strings.Count(log.String(), "FNote"))
}
