package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-01":                "2026-10-31T16:00:00Z",
		"2026-11-01 08:30:00":       "2026-11-01T00:30:00Z",
		"2026-11-01T08:30:00Z":      "2026-11-01T08:30:00Z",
		"2026-11-01T08:30:00+09:00": "2026-10-31T23:30:00Z",
	} {
		at, err := timeIn("--from", text)
		require.NoError(t, err)
		require.Equal(t, want, at.UTC().Format(time.RFC3339), text)
	}
	_, err := timeIn("--from", "2026-02-30")
	require.ErrorIs(t, err, errWrong)
	require.ErrorContains(t, err, "Beijing")
}

func TestNumbersOfAFile(t *testing.T) {
	require.Equal(t, []string{"ZZCX000001", "组装 100%"},
		numbersIn("\ufeffZZCX000001\r\n\r\n# from the warehouse\n  组装 100%  "))
}
