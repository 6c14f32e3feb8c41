package literal

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrNotADate is a text in none of the forms that Kingdee writes dates in.
var ErrNotADate = errors.New("not a date")

// ParseDate reads a date cell's text as the server's wall clock: 2024-04-11T23:52:02.583 with 0 to 3 digits of fraction (more
// are read too), 2024-04-11, or the old .NET form /Date(1700000000000)/, which is a moment and needs no zone. A blank text
// and year 1, which is .NET's way to say "none", answer the zero time.
func ParseDate(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	if inner, ok := strings.CutPrefix(text, "/Date("); ok {
		return parseTicks(inner, zone)
	}
	if t, ok := parseWall(text, zone); ok {
		if t.Year() == 1 {
			return time.Time{}, nil
		}
		return bounded(t)
	}
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02"} {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if t.Year() == 1 {
			return time.Time{}, nil
		}
		return bounded(t)
	}
	return time.Time{}, ErrNotADate
}

// parseWall reads YYYY-MM-DDTHH:MM:SS with up to nine digits of fraction: nearly every date cell, four to seven a row. It is
// several times as quick as time's layouts; what it does not take is left to them.
func parseWall(text string, zone *time.Location) (time.Time, bool) {
	if len(text) < 19 || len(text) > 29 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false
	}
	var parts [6]int
	for i, at := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		n, ok := digits(text[at[0]:at[1]])
		if !ok {
			return time.Time{}, false
		}
		parts[i] = n
	}
	nanos := 0
	if fraction := text[19:]; fraction != "" {
		n, ok := digits(fraction[1:])
		if fraction[0] != '.' || !ok {
			return time.Time{}, false
		}
		for range 10 - len(fraction) {
			n *= 10
		}
		nanos = n
	}
	year, month, day := parts[0], time.Month(parts[1]), parts[2]
	if month < 1 || month > 12 || day < 1 || day > 28 && day > daysOf(month, year) || parts[3] > 23 || parts[4] > 59 || parts[5] > 59 {
		return time.Time{}, false
	}
	return time.Date(year, month, day, parts[3], parts[4], parts[5], nanos, zone), true
}

// daysOf is how long a month is: the day before the first of the next.
func daysOf(month time.Month, year int) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// digits reads one to nine decimal digits.
func digits(text string) (int, bool) {
	n := 0
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int(c)
	}
	return n, text != "" && len(text) <= 9
}

func parseTicks(inner string, zone *time.Location) (time.Time, error) {
	digits, ok := strings.CutSuffix(inner, ")/")
	if !ok {
		return time.Time{}, ErrNotADate
	}
	// An offset after the milliseconds (/Date(1700000000000+0800)/) only says how to show the moment.
	if at := strings.LastIndexAny(digits, "+-"); at > 0 {
		digits = digits[:at]
	}
	ms, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Time{}, ErrNotADate
	}
	return bounded(time.UnixMilli(ms).In(zone))
}

// bounded refuses what a protobuf Timestamp cannot hold.
func bounded(t time.Time) (time.Time, error) {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return time.Time{}, ErrNotADate
	}
	return t, nil
}
