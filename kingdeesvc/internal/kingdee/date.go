package kingdee

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
