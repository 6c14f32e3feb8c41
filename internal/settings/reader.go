package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reader reads settings and collects what is wrong with them. Values are taken without the blanks around them; a value
// of blanks alone counts as not set.
type Reader struct {
	getenv func(string) string
	faults []error
	faulty map[string]bool
}

// New reads from getenv, which is os.Getenv in a program.
func New(getenv func(string) string) *Reader {
	return &Reader{getenv: getenv, faulty: make(map[string]bool)}
}

// Err is everything that is wrong, one line each; nil when nothing is.
func (r *Reader) Err() error { return errors.Join(r.faults...) }

// Fault notes that a setting is wrong: `NAME: text`.
func (r *Reader) Fault(name, format string, args ...any) {
	r.faulty[name] = true
	r.faults = append(r.faults, fmt.Errorf("%s: %w", name, fmt.Errorf(format, args...)))
}

// Note adds a fault that names its setting itself; nil adds none.
func (r *Reader) Note(err error) {
	if err != nil {
		r.faults = append(r.faults, err)
	}
}

// Faulty says whether something was found wrong with this setting, so that it is not told again as its being missing.
func (r *Reader) Faulty(name string) bool { return r.faulty[name] }

// Text is the setting, or otherwise where it is not set.
func (r *Reader) Text(name, otherwise string) string {
	value := strings.TrimPrefix(strings.TrimSpace(r.getenv(name)), string(byteOrderMark))
	if value = strings.TrimSpace(value); value != "" {
		return value
	}
	return otherwise
}

// Required is a setting without a default.
func (r *Reader) Required(name string) string {
	value := r.Text(name, "")
	if value == "" {
		r.Fault(name, "not set")
	}
	return value
}

// Whole is a whole number from least to most.
func (r *Reader) Whole(name string, otherwise, least, most int) int {
	text := r.Text(name, "")
	if text == "" {
		return otherwise
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		r.Fault(name, "%q is not a whole number from %d to %d", text, least, most)
		return otherwise
	}
	return value
}

// Choice is one of a few words; the first is the default.
func (r *Reader) Choice(name string, words ...string) string {
	value := r.Text(name, words[0])
	if !slices.Contains(words, value) {
		r.Fault(name, "%q is none of %s", value, strings.Join(words, ", "))
		return words[0]
	}
	return value
}

// Duration is a time such as 20s; its bounds are the caller's to check.
func (r *Reader) Duration(name string, otherwise time.Duration) time.Duration {
	text := r.Text(name, "")
	if text == "" {
		return otherwise
	}
	value, err := time.ParseDuration(text)
	if err != nil {
		r.Fault(name, "%q is not a duration such as 20s", text)
		return otherwise
	}
	return value
}

// Rate is requests a second, written 5 or 5/s, from least to most; nil where it is not set or wrong.
func (r *Reader) Rate(name string, least, most float64) *float64 {
	text := r.Text(name, "")
	if text == "" {
		return nil
	}
	value, err := strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64)
	if err != nil || !(value >= least && value <= most) {
		r.Fault(name, "%q is not a number of requests a second from %v to %v, such as 10 or 10/s", text, least, most)
		return nil
	}
	return &value
}

// List is words set apart by commas or blanks.
func (r *Reader) List(name string) []string {
	return strings.FieldsFunc(r.getenv(name), func(c rune) bool { return c == ',' || c == ' ' })
}

// Level is the least that is logged.
func (r *Reader) Level(name string) slog.Level {
	var level slog.Level
	if text := r.Text(name, ""); text != "" && level.UnmarshalText([]byte(text)) != nil {
		r.Fault(name, "%q is none of debug, info, warn, error", text)
	}
	return level
}

// Secret is the setting NAME, or what stands in the file that NAME_FILE names; empty where neither is set.
func (r *Reader) Secret(name string) Secret {
	value, path := r.Text(name, ""), r.Text(name+"_FILE", "")
	switch {
	case path == "":
		return Secret(value)
	case value != "":
		r.Fault(name, "both %s and %s_FILE are set; keep one", name, name)
		return ""
	}
	secret, err := ReadSecret(path)
	if err != nil {
		r.faulty[name] = true
		r.Fault(name+"_FILE", "%w", err)
	}
	return secret
}

// Zone is a time zone: an IANA name such as Asia/Shanghai, or an offset such as +08:00.
func (r *Reader) Zone(name, otherwise string) *time.Location {
	zone, err := ParseZone(r.Text(name, otherwise))
	if err != nil {
		r.Fault(name, "%w", err)
	}
	return zone
}

// ParseZone reads an IANA name or an offset from UTC. The host's own zone has no name here: it differs from
// host to host.
func ParseZone(text string) (*time.Location, error) {
	if len(text) == len("+08:00") && (text[0] == '+' || text[0] == '-') {
		if t, err := time.Parse("-07:00", text); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(text, offset), nil
		}
	}
	zone, err := time.LoadLocation(text)
	if err != nil || text == "" || text == "Local" {
		return nil, fmt.Errorf("%q is neither an IANA name such as Asia/Shanghai nor an offset such as +08:00", text)
	}
	return zone, nil
}
