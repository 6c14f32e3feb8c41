package literal

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrNotADate is a text in none of the forms that Kingdee writes dates in.
var ErrNotADate = errors.New("not a date")

// ParseDate reads a date cell's text as the server's wall clock: 2024-04-11T23:52:02.583 with 0 to 3 digits of fraction
// (more are read too), 2024-04-11, or as other serialisers write it: with a blank or slashes, with an offset from UTC,
// or as the old .NET form /Date(1700000000000)/; the last two are moments and need no zone. A blank text and year 1,
// which is .NET's way to say "none", answer the zero time.
func ParseDate(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	if inner, ok := strings.CutPrefix(text, "/Date("); ok {
		return parseTicks(inner, zone)
	}
	t, ok := parseWall(text, zone)
	if ok && !Placeholder(t) {
		return t, nil // nearly all
	}
	if !ok {
		t, ok = parseOther(text, zone)
	}
	switch {
	case !ok:
		return time.Time{}, ErrNotADate
	case t.Year() == 1:
		return time.Time{}, nil
	}
	return bounded(t)
}

// otherLayouts are the forms that leave no doubt which number is the day; those with an offset stand first.
var otherLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05 Z07:00",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02",
}

func parseOther(text string, zone *time.Location) (time.Time, bool) {
	day, clock, timed := text, "", false
	if at := strings.IndexAny(text, "T "); at >= 0 {
		day, clock, timed = text[:at], strings.TrimSpace(text[at+1:]), true
	}
	day = strings.ReplaceAll(day, "/", "-")
	for _, layout := range otherLayouts {
		layoutDay, layoutClock, layoutTimed := strings.Cut(layout, "T")
		if timed != layoutTimed {
			continue
		}
		for _, form := range []string{layoutDay, "2006-1-2"} {
			if t, err := time.ParseInLocation(form+"T"+layoutClock, day+"T"+clock, zone); err == nil {
				return t.In(zone), true
			}
		}
	}
	return time.Time{}, false
}

// The first and the last moment, in Unix seconds, between which a date is believed: the years 1971 and 9000.
const (
	believedFrom  = 365 * 86400
	believedUntil = 221845392000
)

// Placeholder says whether a date is what databases and programs store where there is none: 1753 and 1900 are the first
// years of SQL Server's date types, 1899 is the zero of spreadsheets, 1970 that of Unix, 9999 the last year of all.
// There was no Kingdee in any of them. The zero time, which is unset already, is one too.
func Placeholder(t time.Time) bool { return t.Unix() < believedFrom || t.Unix() >= believedUntil }

// parseWall reads YYYY-MM-DDTHH:MM:SS with up to nine digits of fraction: nearly every date cell, four to seven a row.
// It is several times as quick as time's layouts; what it does not take is left to them.
func parseWall(text string, zone *time.Location) (time.Time, bool) {
	if len(text) < 19 || len(text) > 29 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
		text[13] != ':' || text[16] != ':' {
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
	if month < 1 || month > 12 || day < 1 || day > 28 && day > daysOf(month, year) || parts[3] > 23 ||
		parts[4] > 59 || parts[5] > 59 {
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
