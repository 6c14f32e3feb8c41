package bills

import (
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
)

// DateMemory remembers for which date keys this server was seen to give a time of day. Until then a lower edge on the
// key must start at midnight, or a date without a time would fall below it.
type DateMemory struct {
	mu   sync.RWMutex
	seen map[string]bool
}

// NewDateMemory knows nothing yet.
func NewDateMemory() *DateMemory { return &DateMemory{seen: map[string]bool{}} }

func (m *DateMemory) learn(key string, t time.Time) {
	if m.hasTime(key) || midnight(t) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[key] = true
}

func (m *DateMemory) hasTime(key string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.seen[key]
}

// dateOnly are those of the keys whose edge must be rounded down to midnight.
func (m *DateMemory) dateOnly(keys []string) []string {
	var rounded []string
	for _, key := range keys {
		if !m.hasTime(key) {
			rounded = append(rounded, key)
		}
	}
	return rounded
}

// edge is the filter for "changed since" by these date keys; it starts at midnight for those in rounded.
func edge(keys []string, since time.Time, zone *time.Location, rounded []string) string {
	parts := make([]string, len(keys))
	for i, key := range keys {
		from := since
		if slices.Contains(rounded, key) {
			from = literal.Midnight(since, zone)
		}
		parts[i] = key + ">=" + literal.TimeLiteral(from, zone)
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// event is a date of a bill that cannot lie before its creation.
type event struct {
	key string
	at  **timestamppb.Timestamp
}

// events takes back a date whose day lies before that of the creation: nothing happens to a bill that is not there yet.
// From the others the memory learns whether this server gives the key a time of day.
func (d *decoder) events(created *timestamppb.Timestamp, later [4]event) {
	if created != nil {
		d.learn(d.shape.key[nameCreateTime], created)
	}
	for _, e := range later {
		switch {
		case *e.at == nil:
		case created != nil && d.daysBefore(*e.at, created):
			*e.at = nil
		default:
			d.learn(e.key, *e.at)
		}
	}
}

// daysBefore says whether a moment lies on an earlier day of the server's.
func (d *decoder) daysBefore(at, other *timestamppb.Timestamp) bool {
	return at.GetSeconds() < other.GetSeconds() && at.AsTime().Before(literal.Midnight(other.AsTime(), d.zone))
}

func (d *decoder) learn(key string, at *timestamppb.Timestamp) {
	if !d.dates.hasTime(key) {
		d.dates.learn(key, at.AsTime().In(d.zone))
	}
}

func midnight(t time.Time) bool {
	return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0
}
