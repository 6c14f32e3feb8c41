package bills

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// missingKeys are optional keys that this server was found to lack. The zero value knows of none.
type missingKeys struct {
	known atomic.Pointer[map[string]bool]
}

func (m *missingKeys) has(key string) bool {
	known := m.known.Load()
	return known != nil && (*known)[key]
}

// add says whether the key is news.
func (m *missingKeys) add(key string) bool {
	for {
		old := m.known.Load()
		next := map[string]bool{key: true}
		if old != nil {
			if (*old)[key] {
				return false
			}
			maps.Copy(next, *old)
		}
		if m.known.CompareAndSwap(old, &next) {
			return true
		}
	}
}

// MissingKeys are the optional keys that this server was found to lack since the start; their fields stay empty.
func (r *Reader) MissingKeys() []string {
	known := r.missing.known.Load()
	if known == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(*known))
}

// dropMissing says whether the query may be repeated without the keys that the server does not know. Keys that we need,
// and those that the caller named, are an error that names them.
func (r *Reading) dropMissing(ctx context.Context, p *plan, err error) bool {
	fault, ok := asFault(err)
	if !ok || fault.Class != kingdee.FieldUnknown {
		return false
	}
	for _, key := range fault.Fields {
		if r.needed[key] || p.callers(key) {
			fault.Field = key
			return false
		}
	}
	for _, key := range fault.Fields {
		if r.missing.add(key) {
			r.logger.WarnContext(ctx, "kingdee: this server does not know an optional key; going on without it",
				"field", key)
		}
	}
	return len(fault.Fields) > 0
}

// callers says whether the caller asked for the key by name.
func (p *plan) callers(key string) bool {
	same := func(named string) bool { return strings.EqualFold(named, key) }
	return slices.ContainsFunc(p.extra.bill, same) || slices.ContainsFunc(p.extra.line, same)
}
