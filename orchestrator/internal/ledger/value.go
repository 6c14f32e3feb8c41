package ledger

import "time"

// NullTime turns the zero time, which is our unset date, into SQL's null.
func NullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// NullID turns 0, which no row has, into SQL's null.
func NullID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
