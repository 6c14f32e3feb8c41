package kingdee

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jar holds the cookies of one session: those that the vendor set, and those of whatever stands in front of it, such as
// a balancer that keeps a client at one server. All of them go back with every request, as they came: there is one
// server here, so a domain decides nothing, and a value that no standard allows is the server's own affair. A path only
// tells two cookies of one name apart, of which the nearer goes back first, as browsers do it. The zero value is empty.
type jar struct{ cookies []cookie }

type cookie struct{ name, value, path string }

// take reads an answer's cookies. One that the server takes back, by Max-Age or Expires, goes; its namesake at another
// path stays.
func (j *jar) take(header http.Header, now time.Time) {
	for _, line := range header.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" {
			continue
		}
		path := pathOf(attributes)
		at := slices.IndexFunc(j.cookies,
			func(c cookie) bool { return c.name == name && (c.path == path || path == "") })
		switch gone := expired(attributes, now); {
		case at < 0 && !gone:
			j.cookies = append(j.cookies, cookie{name, value, path})
		case at >= 0 && gone:
			j.cookies = slices.Delete(j.cookies, at, at+1)
		case at >= 0:
			j.cookies[at].value = value
		}
	}
}

// pathOf is the path of a cookie, empty where none is told: then it is the one of its name.
func pathOf(attributes string) string {
	path := ""
	for part := range strings.SplitSeq(attributes, ";") {
		if name, value, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(name, "path") {
			path = "/" + strings.Trim(value, "/ ")
		}
	}
	return path
}

// expiries are how servers write the end of a cookie; old ones with dashes, with the year's last digits, or as C does.
var expiries = []string{
	http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", "Mon, 02-Jan-06 15:04:05 GMT",
	"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2-Jan-2006 15:04:05 MST", time.ANSIC, time.RFC1123Z,
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
			for _, layout := range expiries {
				if at, err := time.Parse(layout, value); err == nil {
					ended = !at.After(now)
					break
				}
			}
		}
	}
	return ended
}

// session is the id of the vendor's session among them; empty for none.
func (j *jar) session() string {
	for _, c := range j.ordered() {
		if strings.EqualFold(c.name, sessionHeader) && c.value != "" {
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
	for i, c := range j.ordered() {
		pairs[i] = c.name + "=" + c.value
	}
	header.Set("Cookie", strings.Join(pairs, "; "))
}

// ordered are the cookies as they go back, in the order in which they came. Namesakes stand together: one of a path of
// Kingdee's or of none before another's, and of those the longer path first.
func (j *jar) ordered() []cookie {
	if len(j.cookies) < 2 {
		return j.cookies
	}
	first := func(c cookie) int {
		return slices.IndexFunc(j.cookies, func(d cookie) bool { return d.name == c.name })
	}
	rank := func(c cookie) int {
		if strings.Trim(c.path, "/") != "" && !strings.Contains(strings.ToLower(c.path), "k3cloud") {
			return 1
		}
		return -len(c.path)
	}
	return slices.SortedStableFunc(slices.Values(j.cookies), func(a, b cookie) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(rank(a), rank(b)))
	})
}
