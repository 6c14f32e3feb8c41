package store

import "time"

// nullable turns the zero time, which is our unset date, into SQL's null.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// nullableID turns 0, which no row has, into SQL's null.
func nullableID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
