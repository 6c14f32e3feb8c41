package literal

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrUnsafeText is a value that cannot be written into a filter.
var ErrUnsafeText = errors.New("a text with control characters or broken UTF-8 cannot be looked for")

// Quote writes a text into a filter: single quotes around it, those inside doubled. Kingdee takes no parameters, so
// this is the only fence between a value and the query.
func Quote(text string) (string, error) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", ErrUnsafeText
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'", nil
}

// InTexts is key in ('a','b').
func InTexts(key string, values []string) (string, error) {
	quoted := make([]string, len(values))
	for i, value := range values {
		var err error
		if quoted[i], err = Quote(value); err != nil {
			return "", fmt.Errorf("%s: %w", key, err)
		}
	}
	return key + " in (" + strings.Join(quoted, ",") + ")", nil
}

// InIDs is key in (1,2).
func InIDs(key string, ids []int64) string {
	var b strings.Builder
	b.WriteString(key + " in (")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	b.WriteByte(')')
	return b.String()
}

// earliest is a date that every database behind Kingdee can compare with.
var earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// TimeLiteral is a moment as filters want it: the server's wall clock, whole seconds, in quotes.
func TimeLiteral(t time.Time, zone *time.Location) string {
	if t.Before(earliest) {
		t = earliest
	}
	return "'" + t.In(zone).Format(time.DateTime) + "'"
}

// Midnight is the start of t's day in the server's zone.
func Midnight(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, zone)
}
