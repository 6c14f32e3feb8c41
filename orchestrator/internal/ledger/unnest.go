package ledger

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Columns writes rows of T with one statement: it turns them on their side, an array a field, as unnest wants them.
// Each field of T has a tag with its column and the type of Postgres, such as `col:"bill_id bigint"`. Texts are made
// storable, bytes that are nil are empty, and a time that is unset is null; so is the id 0 of a field whose tag ends in
// "or null".
type Columns[T any] struct {
	// From is the source of the rows in SQL: unnest(…) as alias (column, …).
	From   string
	prefix string
	fields []column
}

type column struct {
	name   string
	orNull bool
}

// ColumnsOf reads the tags of T. alias is what the statement calls the rows; with _ behind it, it begins the names of
// their parameters, so that several may stand in one statement.
func ColumnsOf[T any](alias string) Columns[T] {
	c := Columns[T]{prefix: alias + "_"}
	row := reflect.TypeFor[T]()
	var arrays, names []string
	for i := range row.NumField() {
		tag := row.Field(i).Tag.Get("col")
		name, kind, tagged := strings.Cut(tag, " ")
		if !tagged {
			panic(fmt.Sprintf("%s.%s has no tag col", row, row.Field(i).Name))
		}
		kind, orNull := strings.CutSuffix(kind, " or null")
		c.fields = append(c.fields, column{name, orNull})
		arrays = append(arrays, "@"+c.prefix+name+"::"+kind+"[]")
		names = append(names, name)
	}
	c.From = "unnest(" + strings.Join(arrays, ", ") + ") as " + alias + " (" + strings.Join(names, ", ") + ")"
	return c
}

// Args are the arrays of the rows, and args beside them.
func (c Columns[T]) Args(rows []T, args pgx.StrictNamedArgs) pgx.StrictNamedArgs {
	all := make(pgx.StrictNamedArgs, len(c.fields)+len(args))
	maps.Copy(all, args)
	values := reflect.ValueOf(rows)
	for i, field := range c.fields {
		all[c.prefix+field.name] = c.array(values, i, field)
	}
	return all
}

// array is one field of all rows.
func (c Columns[T]) array(rows reflect.Value, field int, of column) any {
	switch sample := reflect.TypeFor[T]().Field(field).Type; {
	case sample == reflect.TypeFor[time.Time]():
		return each(rows, field, func(v reflect.Value) *time.Time { return NullTime(v.Interface().(time.Time)) })
	case sample == reflect.TypeFor[time.Duration]():
		return each(rows, field, func(v reflect.Value) time.Duration { return time.Duration(v.Int()) })
	case sample.Kind() == reflect.String:
		return each(rows, field, func(v reflect.Value) string { return CleanText(v.String()) })
	case sample.Kind() == reflect.Bool:
		return each(rows, field, reflect.Value.Bool)
	case sample.Kind() == reflect.Slice && sample.Elem().Kind() == reflect.Uint8:
		return each(rows, field, func(v reflect.Value) []byte {
			if v.IsNil() {
				return []byte{}
			}
			return v.Bytes()
		})
	case of.orNull:
		return each(rows, field, func(v reflect.Value) *int64 { return NullID(v.Int()) })
	default:
		return each(rows, field, reflect.Value.Int)
	}
}

func each[E any](rows reflect.Value, field int, of func(reflect.Value) E) []E {
	array := make([]E, rows.Len())
	for i := range array {
		array[i] = of(rows.Index(i).Field(field))
	}
	return array
}
