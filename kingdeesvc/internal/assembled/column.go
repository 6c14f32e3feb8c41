package assembled

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/loose"
)

// column is one key that is asked for and how its cell gets into a message.
type column[T any] struct {
	key string
	set func(d *decoder, key string, into T, cell kingdee.Cell)
}

// fault is why a bill cannot be delivered.
type fault struct {
	reason kingdeev1.BillProblemReason
	field  string
	detail string
}

// decoder carries the zone of the server's clock, the memory of which dates have a time of day, and the first
// fault found.
type decoder struct {
	zone  *time.Location
	dates *DateMemory
	fault *fault
}

func (d *decoder) fail(reason kingdeev1.BillProblemReason, key, format string, args ...any) {
	if d.fault == nil {
		d.fault = &fault{reason: reason, field: key, detail: fmt.Sprintf(format, args...)}
	}
}

func (d *decoder) malformed(key string, cell kingdee.Cell, want string) {
	d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, key, "%q is no %s", clip(cell.Text), want)
}

func (d *decoder) missing(key string) {
	d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_FIELD_MISSING, key, "null or blank")
}

// text is the cell as text, trimmed: Kingdee writes one blank for nothing. Raw ids come as numbers or as text. A text
// in several languages is its first; any other object is left out of a field that only informs. U+0000 cannot be
// stored. What a bill is known by is no truth value, and the same in all languages.
func (d *decoder) text(key string, cell kingdee.Cell) string {
	if cell.Kind < kingdee.Bool {
		return trim(cell.Text)
	}
	if cell.Kind == kingdee.Bool {
		if required[key] {
			d.malformed(key, cell, "plain value")
		}
		return cell.Text
	}
	return d.odd(key, cell, required[key])
}

// asked is text for a key that the caller named: a value that is no text is always a fault.
func (d *decoder) asked(key string, cell kingdee.Cell) string {
	if cell.Kind < kingdee.Other {
		return trim(cell.Text)
	}
	return d.odd(key, cell, true)
}

// odd is the text of a cell that holds none, or one that cannot be stored; needed says whether what is none is a fault.
func (d *decoder) odd(key string, cell kingdee.Cell, needed bool) string {
	text, plain := cell.Text, true
	if cell.Kind == kingdee.Other {
		var alike bool
		text, plain, alike = loose.Plain(cell.Text)
		plain = plain && (alike || !needed)
	}
	switch {
	case strings.IndexByte(text, 0) >= 0:
		d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, key, "%q holds U+0000", clip(text))
		return ""
	case !plain && needed:
		d.malformed(key, cell, "plain value")
	}
	return trim(text)
}

// trim is strings.TrimSpace, which most cells do not need.
func trim(text string) string {
	if n := len(text); n > 0 && text[0] > ' ' && text[0] < utf8.RuneSelf &&
		text[n-1] > ' ' && text[n-1] < utf8.RuneSelf {
		return text
	}
	return strings.TrimSpace(text)
}

func (d *decoder) id(key string, cell kingdee.Cell) int64 {
	id, ok := readID(cell)
	if !ok {
		d.malformed(key, cell, "id")
	}
	return id
}

// readID reads a positive whole number, also where it was written as text, as 1.0 or as 1E5.
func readID(cell kingdee.Cell) (int64, bool) {
	if cell.Kind != kingdee.Number && cell.Kind != kingdee.Text {
		return 0, false
	}
	digits := trim(cell.Text)
	id, err := strconv.ParseInt(digits, 10, 64)
	ok := err == nil
	if !ok {
		id, ok = loose.Whole([]byte(digits))
	}
	if !ok || id < 1 {
		return 0, false
	}
	return id, true
}

var decimalText = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// decimal keeps the digits as they were written; an unset one is empty, never 0.
func (d *decoder) decimal(key string, cell kingdee.Cell) string {
	digits := strings.TrimSpace(cell.Text)
	switch {
	case cell.Kind == kingdee.Number:
		return cell.Text
	case cell.Kind == kingdee.Null, cell.Kind == kingdee.Text && digits == "":
		return ""
	case cell.Kind == kingdee.Text && decimalText.MatchString(digits):
		return digits
	}
	d.malformed(key, cell, "decimal")
	return ""
}

// moment reads a wall-clock time of the server; the zero time is "unset", and so is what databases store in a date's
// place.
func (d *decoder) moment(key string, cell kingdee.Cell) time.Time {
	if cell.Kind == kingdee.Null {
		return time.Time{}
	}
	if cell.Kind != kingdee.Text {
		d.malformed(key, cell, "date")
		return time.Time{}
	}
	t, err := literal.ParseDate(cell.Text, d.zone)
	if err != nil {
		d.malformed(key, cell, "date")
	}
	if literal.Placeholder(t) {
		return time.Time{}
	}
	return t
}

func textColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) { *field(into) = d.text(key, cell) }}
}

func decimalColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{
		key, func(d *decoder, key string, into T, cell kingdee.Cell) { *field(into) = d.decimal(key, cell) },
	}
}

// dayColumn is a date without a time, as YYYY-MM-DD.
func dayColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		t := d.moment(key, cell)
		switch {
		case t.IsZero():
		case wallDay(cell.Text):
			*field(into) = cell.Text[:len(time.DateOnly)] // as the server wrote it
		default:
			*field(into) = t.In(d.zone).Format(time.DateOnly)
		}
	}}
}

// wallDay says whether a date begins with its day in the server's zone.
func wallDay(text string) bool {
	const day = len(time.DateOnly)
	return len(text) >= day && text[4] == '-' && text[7] == '-' &&
		text[0] > ' ' && !strings.ContainsAny(text[day:], "+-Zz")
}

func idColumn[T any](key string, field func(T) *int64) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) { *field(into) = d.id(key, cell) }}
}

// timeColumn is a date-time; events looks whether it can be true.
func timeColumn[T any](key string, field func(T) **timestamppb.Timestamp) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		if t := d.moment(key, cell); !t.IsZero() {
			*field(into) = timestamppb.New(t)
		}
	}}
}

// events takes back a date whose day lies before that of the creation: nothing happens to a bill that is not there yet.
// From the others the memory learns whether this server gives the key a time of day.
func (d *decoder) events(created *timestamppb.Timestamp, modified, approved, cancelled **timestamppb.Timestamp) {
	if created != nil {
		d.learn(keyCreateDate, created)
	}
	for i, date := range [...]**timestamppb.Timestamp{modified, approved, cancelled} {
		switch {
		case *date == nil:
		case created != nil && d.daysBefore(*date, created):
			*date = nil
		default:
			d.learn([...]string{keyModifyDate, keyApproveDate, keyCancelDate}[i], *date)
		}
	}
}

// daysBefore says whether a moment lies on an earlier day of the server's.
func (d *decoder) daysBefore(at, other *timestamppb.Timestamp) bool {
	return at.GetSeconds() < other.GetSeconds() && at.AsTime().Before(literal.Midnight(other.AsTime(), d.zone))
}

func (d *decoder) learn(key string, at *timestamppb.Timestamp) {
	if !d.dates.hasTime(key) {
		d.dates.learn(key, at.AsTime().In(d.zone))
	}
}

func midnight(t time.Time) bool {
	return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
}

// codeColumn is an enumeration that must be known; fold compares without case.
func codeColumn[T any, E ~int32](key string, codes map[string]E, fold bool, field func(T) *E) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		code := d.text(key, cell)
		if code == "" {
			d.missing(key)
			return
		}
		listed := code
		if fold {
			listed = strings.ToLower(code)
		}
		value, ok := codes[listed]
		if !ok {
			d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_UNKNOWN, key, "%q", clip(code))
			return
		}
		*field(into) = value
	}}
}

func clip(text string) string {
	const most = 80
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
