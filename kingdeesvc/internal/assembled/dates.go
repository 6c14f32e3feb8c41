package assembled

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
)

// edgeKeys are the dates that a change moves. Which of them an audit, an un-audit or a void moves on this form is not
// documented, so a change is looked for in all four.
var edgeKeys = []string{keyModifyDate, keyCancelDate, keyApproveDate, keyCreateDate}

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

// dateOnly are the keys whose edge must be rounded down to midnight.
func (m *DateMemory) dateOnly() []string {
	var keys []string
	for _, key := range edgeKeys {
		if !m.hasTime(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// edge is the filter for "changed since"; it starts at midnight for the keys in rounded.
func edge(since time.Time, zone *time.Location, rounded []string) string {
	parts := make([]string, len(edgeKeys))
	for i, key := range edgeKeys {
		from := since
		if slices.Contains(rounded, key) {
			from = literal.Midnight(since, zone)
		}
		parts[i] = key + ">=" + literal.TimeLiteral(from, zone)
	}
	return "(" + strings.Join(parts, " or ") + ")"
}
