package bills

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/loose"
)

// fault is why a bill cannot be delivered.
type fault struct {
	reason kingdeev1.BillProblemReason
	field  string
	detail string
}

// decoder carries what of the form is needed, the zone of the server's clock, the memory of which dates have a time of
// day, and the first fault found.
type decoder struct {
	shape *shape
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

// unread is a value of another type than its column that cannot be read as one. It is a fault of what bills are decided
// by; a field that only informs is left out.
func (d *decoder) unread(key string, cell kingdee.Cell, want string) {
	if d.shape.needed[key] || slices.Contains(d.shape.edges, key) {
		d.malformed(key, cell, want)
	}
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
		if d.shape.needed[key] {
			d.malformed(key, cell, "plain value")
		}
		return cell.Text
	}
	return d.odd(key, cell, d.shape.needed[key])
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
	d.unread(key, cell, "decimal")
	return ""
}

// moment reads a wall-clock time of the server; the zero time is "unset", and so is what databases store in a date's
// place.
func (d *decoder) moment(key string, cell kingdee.Cell) time.Time {
	if cell.Kind == kingdee.Null {
		return time.Time{}
	}
	if cell.Kind != kingdee.Text {
		d.unread(key, cell, "date")
		return time.Time{}
	}
	t, err := literal.ParseDate(cell.Text, d.zone)
	if err != nil {
		d.unread(key, cell, "date")
		return time.Time{}
	}
	if literal.Placeholder(t) {
		return time.Time{}
	}
	return t
}

func (d *decoder) day(key string, cell kingdee.Cell) string {
	t := d.moment(key, cell)
	switch {
	case t.IsZero():
		return ""
	case wallDay(cell.Text):
		return cell.Text[:len(time.DateOnly)] // as the server wrote it
	}
	return t.In(d.zone).Format(time.DateOnly)
}

// wallDay says whether a date begins with its day in the server's zone.
func wallDay(text string) bool {
	const day = len(time.DateOnly)
	return len(text) >= day && text[4] == '-' && text[7] == '-' &&
		text[0] > ' ' && !strings.ContainsAny(text[day:], "+-Zz")
}

// value is nil where the cell is unset.
func (d *decoder) value(key string, typ form.Type, cell kingdee.Cell) *kingdeev1.Value {
	switch typ {
	case form.Decimal:
		if digits := d.decimal(key, cell); digits != "" {
			return &kingdeev1.Value{Kind: &kingdeev1.Value_Number{Number: digits}}
		}
	case form.Day:
		if day := d.day(key, cell); day != "" {
			return &kingdeev1.Value{Kind: &kingdeev1.Value_Date{Date: day}}
		}
	case form.Moment:
		if t := d.moment(key, cell); !t.IsZero() {
			return &kingdeev1.Value{Kind: &kingdeev1.Value_Time{Time: timestamppb.New(t)}}
		}
	case form.Bool:
		if is, set := d.boolean(key, cell); set {
			return &kingdeev1.Value{Kind: &kingdeev1.Value_Boolean{Boolean: is}}
		}
	default:
		if text := d.text(key, cell); text != "" {
			return &kingdeev1.Value{Kind: &kingdeev1.Value_Text{Text: text}}
		}
	}
	return nil
}

// boolean reads true and false, also where they are 1 and 0 or were written as text.
func (d *decoder) boolean(key string, cell kingdee.Cell) (is, set bool) {
	switch strings.ToLower(strings.TrimSpace(cell.Text)) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	case "":
		return false, false
	}
	d.unread(key, cell, "truth value")
	return false, false
}

func clip(text string) string {
	const most = 80
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
