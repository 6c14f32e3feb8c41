package literal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseDate(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	at := func(ms int) time.Time { return time.Date(2024, 4, 11, 23, 52, 2, ms*1e6, shanghai) }
	for text, want := range map[string]time.Time{
		"2024-04-11T23:52:02":           at(0),
		"2024-04-11T23:52:02.5":         at(500),
		"2024-04-11T23:52:02.58":        at(580),
		"2024-04-11T23:52:02.583":       at(583),
		"2024-04-11 23:52:02.583":       at(583),
		"2024-04-11T00:00:00":           time.Date(2024, 4, 11, 0, 0, 0, 0, shanghai),
		"2024-04-11":                    time.Date(2024, 4, 11, 0, 0, 0, 0, shanghai),
		"/Date(1712850722583)/":         at(583),
		"/Date(1712850722583+0800)/":    at(583),
		"/Date(-62135596800000)/":       time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"2024-04-11T23:52:02.583+08:00": at(583),
		"2024-04-11T15:52:02.583Z":      at(583),
		"2024-04-12T00:52:02.583+0900":  at(583),
		"2024-04-11T15:52:02+00":        at(0),
		"2024-04-11 23:52:02 +08:00":    at(0),
		"2024/04/11 23:52:02":           at(0),
		"2024/4/11 23:52:02.5":          at(500),
		"2024-04-11T23:52":              at(0).Truncate(time.Minute),
		"2024/4/11":                     time.Date(2024, 4, 11, 0, 0, 0, 0, shanghai),
		" ":                             {},
		"0001-01-01T00:00:00":           {},
	} {
		got, err := ParseDate(text, shanghai)
		require.NoError(t, err, text)
		require.True(t, want.Equal(got), "%s: %s", text, got)
	}
	for _, text := range []string{
		"x", "2024-13-01T00:00:00", "2024-02-30", "04/11/2024 23:52:02", "11-04-2024", "2024-04-11T11:52:02 PM",
		"/Date(x)/", "/Date(1", "/Date(99999999999999999)/", "17",
	} {
		_, err := ParseDate(text, shanghai)
		require.ErrorIs(t, err, ErrNotADate, text)
	}
}

func TestPlaceholdersAreWhatStandsWhereThereIsNoDate(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	for text, want := range map[string]bool{
		"1753-01-01T00:00:00": true, "1900-01-01": true, "1899-12-30T00:00:00": true,
		"1970-01-01T08:00:00": true, "/Date(0)/": true,
		"9999-12-31T23:59:59.997": true, " ": true, "1971-01-02": false, "8999-12-31": false,
		"9000-01-01T08:00:00": true, "2013-01-01": false, "2099-12-31": false,
	} {
		got, err := ParseDate(text, zone)
		require.NoError(t, err)
		require.Equal(t, want, Placeholder(got), text)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{
		"2024-04-11T23:52:02.583", "2019-02-13T15:46:44.72", "2023-07-03T00:00:00", "2024-02-30T00:00:00",
		"2024-02-29T23:59:59.123456789", "2024-04-11 23:52:02", "/Date(1700000000000)/", "/Date(-1+0800)/",
		" ", "0001-01-01",
	} {
		f.Add(text)
	}
	zone := time.FixedZone("+08:00", 8*3600)
	f.Fuzz(func(t *testing.T, text string) {
		if quick, ok := parseWall(text, zone); ok {
			if slow, err := time.ParseInLocation("2006-01-02T15:04:05", text, zone); err != nil || !slow.Equal(quick) {
				t.Fatalf("%q is %s by our own parser and %s (%v) by time's", text, quick, slow, err)
			}
		}
		got, err := ParseDate(text, zone)
		if err == nil && !got.IsZero() && (got.UTC().Year() < 1 || got.UTC().Year() > 9999) {
			t.Fatalf("%q became %s, which no Timestamp can hold", text, got)
		}
	})
}

func TestTimeLiteralIsTheServersWallClockInWholeSeconds(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	moment := time.Date(2024, 5, 10, 16, 0, 0, 999e6, time.UTC)
	require.Equal(t, "'2024-05-11 00:00:00'", TimeLiteral(moment, zone))
	require.Equal(t, "'1900-01-01 08:00:00'", TimeLiteral(time.Time{}, zone))
	require.Equal(t, "'2024-05-11 00:00:00'", TimeLiteral(Midnight(moment.Add(5*time.Hour), zone), zone))
}
