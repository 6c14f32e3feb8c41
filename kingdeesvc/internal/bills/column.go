package bills

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// column is one key that is asked for and how its cell gets into a message.
type column[T any] struct {
	key string
	set func(d *decoder, key string, into T, cell kingdee.Cell)
}

func textColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) { *field(into) = d.text(key, cell) }}
}

func decimalColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		*field(into) = d.decimal(key, cell)
	}}
}

// dayColumn is a date without a time, as YYYY-MM-DD.
func dayColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		*field(into) = d.day(key, cell)
	}}
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

// codeColumn is an enumeration that must be known; fold compares without case.
func codeColumn[T any, E any](key string, codes map[string]E, fold bool, field func(T) *E) column[T] {
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

// numberColumn is the number of a bill. One that cannot be asked for, or that was broken on the way, would be looked
// for in vain or belong to no bill.
func numberColumn[T any](key string, field func(T) *string) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		number := d.text(key, cell)
		switch {
		case number == "":
			d.missing(key)
		case strings.ContainsRune(number, utf8.RuneError), strings.ContainsFunc(number, unicode.IsControl):
			d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, key,
				"%q holds a control character or a broken one", clip(number))
		}
		*field(into) = number
	}}
}

// cancelColumn is the date of a void or of a close, which may have no time of day.
func cancelColumn[T any](key string, fields func(T) (**timestamppb.Timestamp, *bool)) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		if t := d.moment(key, cell); !t.IsZero() {
			moment, isDate := fields(into)
			*moment, *isDate = timestamppb.New(t), midnight(t)
		}
	}}
}

// plainType says whether columns of the type may lie beside the named fields.
func plainType(typ form.Type) bool {
	return slices.Contains([]form.Type{form.Text, form.Decimal, form.Day, form.Moment, form.Bool}, typ)
}

// valueColumn is a column without a field of its own; an unset value is left out.
func valueColumn[T any](key, name string, typ form.Type, at func(T) *values) column[T] {
	return column[T]{key, func(d *decoder, key string, into T, cell kingdee.Cell) {
		if value := d.value(key, typ, cell); value != nil {
			fields := at(into)
			if *fields == nil {
				*fields = values{}
			}
			(*fields)[name] = value
		}
	}}
}
