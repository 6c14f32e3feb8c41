package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// appendCell writes one cell as Kingdee does: JSON numbers, dates without a zone
// and without trailing zeros, true and false, null, and sometimes one blank for an
// empty text. salt (the bill's id) decides about the blank and about 1 or 1.0, so
// that the same bill always looks the same.
func appendCell(out []byte, v filter.Value, salt int64, dotNet bool) []byte {
	switch v.Kind {
	case filter.Null:
		return append(out, "null"...)
	case filter.Int:
		return strconv.AppendInt(out, v.Int, 10)
	case filter.Bool:
		return strconv.AppendBool(out, v.Int != 0)
	case filter.Decimal:
		return appendDecimal(out, v.Text, salt)
	case filter.Time:
		if dotNet {
			out = append(out, `"\/Date(`...)
			out = strconv.AppendInt(out, v.Time.UnixMilli(), 10)
			return append(out, `)\/"`...)
		}
		return appendDate(out, v.Time)
	default:
		if v.Text == "" && salt%2 == 0 {
			return append(out, `" "`...)
		}
		return appendText(out, v.Text)
	}
}

func appendDecimal(out []byte, text string, salt int64) []byte {
	negative := strings.HasPrefix(text, "-")
	digits, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if negative {
		out = append(out, '-')
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		digits = "0"
	}
	out = append(out, digits...)
	switch fraction = strings.TrimRight(fraction, "0"); {
	case fraction != "":
		return append(append(out, '.'), fraction...)
	case salt%3 != 0:
		return append(out, ".0"...)
	default:
		return out
	}
}

// appendDate drops a fraction's trailing zeros: 2019-02-13T15:46:44.72.
func appendDate(out []byte, t time.Time) []byte {
	out = append(out, '"')
	out = t.AppendFormat(out, "2006-01-02T15:04:05.999")
	return append(out, '"')
}

func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			quoted, err := json.Marshal(text)
			if err != nil {
				return append(out, `""`...)
			}
			return append(out, quoted...)
		}
	}
	out = append(out, '"')
	out = append(out, text...)
	return append(out, '"')
}
