package store

import "time"

// nullable turns the zero time, which is our unset date, into SQL's null.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// valued is the way back, in UTC.
func valued(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
