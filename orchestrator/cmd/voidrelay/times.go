package main

import (
	"fmt"
	"io"
	"regexp"
	"time"
)

// beijing is the zone of all times that are printed, and of those that name none.
var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// clock is a time of today, with its zone.
func clock(t time.Time) string {
	if t.Unix() <= 0 {
		return "-"
	}
	return t.In(beijing).Format("15:04:05.000 -07:00")
}

// moment is a time of any day in Beijing. Which zone that is is said once, at the end.
func moment(t time.Time) string {
	if t.Unix() <= 0 {
		return "-"
	}
	return t.In(beijing).Format(time.DateTime)
}

// momentWithZone is a moment that stands by itself.
func momentWithZone(t time.Time) string { return t.In(beijing).Format("2006-01-02 15:04:05 -07:00") }

// zoneWords say once in which zone times are.
const zoneWords = "时间为北京时间 times are Beijing time (UTC+8)"

// zoned notes whether a moment was printed, so that its zone is said.
type zoned struct {
	out io.Writer
	any bool
}

var momentForm = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}`)

// Write implements io.Writer.
func (z *zoned) Write(text []byte) (int, error) {
	z.any = z.any || momentForm.Match(text)
	return z.out.Write(text)
}

// say says which zone it is, where that is asked.
func (z *zoned) say() {
	if z.any {
		fmt.Fprintln(z.out, zoneWords)
	}
	z.any = false
}

// timeIn reads a time as people write it.
func timeIn(flag, text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, beijing); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %s %q: want a time such as 2026-11-01T08:00:00+08:00, or in Beijing time "+
		"2026-11-01 08:00:00 or 2026-11-01", errWrong, flag, text)
}
