package filter

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TypeError is a literal that does not fit the column it is compared with.
type TypeError struct {
	Key  string
	Text string
	Want string
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("filter: %s: %q is not a %s", e.Key, e.Text, e.Want)
}

// dateLayouts are the date texts seen in filters of published clients.
var dateLayouts = []string{
	"2006-01-02",
	"2006-01-02 15:04",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05",
	"2006/01/02",
	"2006/01/02 15:04:05",
	"2006-1-2",
	"2006-1-2 15:04:05",
	"2006/1/2",
	"2006/1/2 15:04:05",
}

// ParseTime reads a date text as the server's wall clock; a fraction of a second
// may follow the seconds. A text with a zone is not accepted.
func ParseTime(text string, zone *time.Location) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// convert fits a literal to the kind of the column it meets.
func convert(key string, lit Value, to Kind, zone *time.Location) (Value, error) {
	if lit.Kind == Null || lit.Kind == to {
		return lit, nil
	}
	switch to {
	case Int, Decimal:
		return toNumber(key, lit)
	case Time:
		if t, ok := ParseTime(lit.Text, zone); ok && lit.Kind == Text {
			return TimeValue(t), nil
		}
		return Value{}, &TypeError{key, display(lit), "date"}
	case Bool:
		switch strings.ToLower(strings.TrimSpace(display(lit))) {
		case "1", "true":
			return BoolValue(true), nil
		case "0", "false", "":
			return BoolValue(false), nil
		}
		return Value{}, &TypeError{key, display(lit), "flag"}
	default:
		return TextValue(display(lit)), nil
	}
}

func toNumber(key string, lit Value) (Value, error) {
	text := strings.TrimSpace(lit.Text)
	switch {
	case lit.Kind == Int || lit.Kind == Decimal:
		return lit, nil
	case lit.Kind == Text && isDecimal(text):
		return number(text), nil
	default:
		return Value{}, &TypeError{key, display(lit), "number"}
	}
}

func display(v Value) string {
	if whole(v) {
		return strconv.FormatInt(v.Int, 10)
	}
	return v.Text
}
