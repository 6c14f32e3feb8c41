package scheme

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text reads a scalar as it is written: numbers and words such as 0100 or no stay text. Empty when absent.
func (o object) text(key string, required bool) string {
	n := o.value(key, required)
	if n == nil {
		return ""
	}
	s, _ := o.d.text(n, o.at(key))
	return s
}

func (d *decoder) text(n *yaml.Node, path string) (string, bool) {
	n = resolved(n)
	if n == nil || n.Kind != yaml.ScalarNode || isNull(n) {
		d.fault(n, path, "must be text, not %s", describe(n))
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		d.fault(n, path, "must not be blank")
		return "", false
	}
	return n.Value, true
}

// code reads a required text that goes to a vendor as a code: 1 to limit characters, no blank at its edges, no control
// characters.
func (o object) code(key string, limit int) string {
	s := o.text(key, true)
	if s == "" {
		return ""
	}
	if reason := badCode(s, limit); reason != "" {
		o.fault(key, "%s", reason)
		return ""
	}
	return s
}

// badCode says why s is no code of 1 to limit characters, empty when it is one.
func badCode(s string, limit int) string {
	switch {
	case s == "":
		return "is empty"
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case utf8.RuneCountInString(s) > limit:
		return "has " + strconv.Itoa(utf8.RuneCountInString(s)) + " characters; at most " +
			strconv.Itoa(limit) + " are allowed"
	case strings.TrimSpace(s) != s:
		return "begins or ends with a blank"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}

// texts reads a list of distinct texts.
func (o object) texts(key string) []string {
	var list []string
	for _, n := range o.list(key) {
		s, ok := o.d.text(n, o.at(key))
		switch {
		case !ok:
		case contains(list, s):
			o.d.fault(n, o.at(key), "`%s` is listed twice", s)
		default:
			list = append(list, s)
		}
	}
	return list
}

// list reads a sequence; nil when absent.
func (o object) list(key string) []*yaml.Node {
	n := o.value(key, false)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.fault(key, "must be a list, not %s", describe(n))
		return nil
	}
	return n.Content
}

func (o object) boolean(key string) bool {
	n := o.value(key, false)
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
		o.fault(key, "must be true or false, not %s", describe(n))
	}
	return n.Value == "true"
}

// duration reads a time span such as 500ms, 30s, 5m or 24h within limits.
func (o object) duration(key string, absent, least, most time.Duration) time.Duration {
	n := o.value(key, false)
	if n == nil {
		return absent
	}
	v, err := time.ParseDuration(n.Value)
	if err != nil {
		o.fault(key, "must be a time span such as 500ms, 30s, 5m or 24h, not %s", describe(n))
		return absent
	}
	if v < least || v > most {
		o.fault(key, "must be from %s to %s, not %s", span(least), span(most), n.Value)
	}
	return v
}

// span writes a duration as a person would: 5m, not 5m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (o object) integer(key string, absent, least, most int64) int64 {
	n := o.value(key, false)
	if n == nil {
		return absent
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || v < least || v > most {
		o.fault(key, "must be a whole number from %d to %d, not %s", least, most, describe(n))
		return absent
	}
	return v
}

// moment reads a point in time; zero when absent.
func (o object) moment(key string) time.Time {
	n := o.value(key, false)
	if n == nil {
		return time.Time{}
	}
	t, ok := o.d.moment(n, o.at(key))
	if !ok {
		return time.Time{}
	}
	return t
}

func (d *decoder) moment(n *yaml.Node, path string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, n.Value)
	if err != nil {
		d.fault(n, path, "must be a time with its zone, such as 2026-05-06T00:00:00+08:00, not %s", describe(n))
	}
	return t, err == nil
}
