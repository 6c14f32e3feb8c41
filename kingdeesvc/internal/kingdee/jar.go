package kingdee

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jar holds the cookies of one session: those that the vendor set, and those of whatever stands in front of it, such as
// a balancer that keeps a client at one server. All of them go back with every request, as they came: there is one
// server here, so path and domain decide nothing, and a value that no standard allows is the server's own affair. The
// zero value is empty.
type jar struct{ cookies []cookie }

type cookie struct{ name, value string }

// take reads an answer's cookies. One that the server takes back, by Max-Age or Expires, goes.
func (j *jar) take(header http.Header, now time.Time) {
	for _, line := range header.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || name == "" {
			continue
		}
		at := slices.IndexFunc(j.cookies, func(c cookie) bool { return c.name == name })
		switch gone := expired(attributes, now); {
		case at < 0 && !gone:
			j.cookies = append(j.cookies, cookie{name, value})
		case at >= 0 && gone:
			j.cookies = slices.Delete(j.cookies, at, at+1)
		case at >= 0:
			j.cookies[at].value = value
		}
	}
}

// expired says whether a cookie's attributes end it at once. Max-Age wins over Expires.
func expired(attributes string, now time.Time) bool {
	ended := false
	for part := range strings.SplitSeq(attributes, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "max-age":
			if seconds, err := strconv.Atoi(value); err == nil {
				return seconds <= 0
			}
		case "expires":
			// Old servers write the date with dashes: Thu, 01-Jan-1970 00:00:00 GMT.
			for _, layout := range []string{http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 GMT"} {
				if at, err := time.Parse(layout, value); err == nil {
					ended = !at.After(now)
				}
			}
		}
	}
	return ended
}

// session is the id of the vendor's session among them; empty for none.
func (j *jar) session() string {
	for _, c := range j.cookies {
		if strings.EqualFold(c.name, sessionHeader) {
			return c.value
		}
	}
	return ""
}

// give puts all cookies into a request's head.
func (j *jar) give(header http.Header) {
	if len(j.cookies) == 0 {
		return
	}
	pairs := make([]string, len(j.cookies))
	for i, c := range j.cookies {
		pairs[i] = c.name + "=" + c.value
	}
	header.Set("Cookie", strings.Join(pairs, "; "))
}
