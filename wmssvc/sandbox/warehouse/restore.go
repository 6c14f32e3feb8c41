package warehouse

import (
	"fmt"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Open opens the order book that a file keeps, empty if there is no such file, and returns the personality that the
// file remembers, if it does. An empty path keeps nothing.
func Open(path string) (*Book, *behaviour.Personality, error) {
	if path == "" {
		return newBook(nil), nil, nil
	}
	lines, err := readJournal(path)
	if err != nil {
		return nil, nil, err
	}
	kept, remembered := living(lines)
	start := kept
	if remembered != nil {
		p := remembered.WithDefaults()
		if err := p.Validate(); err != nil {
			return nil, nil, fmt.Errorf("sandbox state %s: %w", path, err)
		}
		remembered = &p
		start = append(start[:len(start):len(start)], line{Personality: &p})
	}
	j, err := openJournal(path, start)
	if err != nil {
		return nil, nil, err
	}
	b := newBook(j)
	b.restore(kept)
	return b, remembered, nil
}

// Remember keeps a personality for the next start.
func (b *Book) Remember(p behaviour.Personality) { b.journal.append(line{Personality: &p}) }

// Failure says why the state file can no longer be trusted; nil if it can.
func (b *Book) Failure() error { return b.journal.failure() }

// Close ends the writing of the state file. It is called once.
func (b *Book) Close() error { return b.journal.close() }

// Count says how much the book holds and has seen.
type Count struct {
	Orders    int64
	Cancels   int64 // requests that were admitted and readable
	Effects   int64 // how many of them cancelled an order
	Unknown   int64 // keys that were asked for and never existed
	Forgotten int64 // cancels of unknown keys beyond the first 100,000 such keys
}

// Count counts. The figures may be of slightly different moments.
func (b *Book) Count() Count {
	return Count{b.orders.Load(), b.arrivals.Load(), b.effects.Load(), b.unknown.Load(), b.forgotten.Load()}
}

// living reduces a journal to the last line of each key, in the order the keys first appeared, and to the last
// personality, if there was one.
func living(lines []line) ([]line, *behaviour.Personality) {
	at := map[Key]int{}
	var kept []line
	var p *behaviour.Personality
	for _, l := range lines {
		if l.Personality != nil {
			p = l.Personality
		}
		if l.Truth == nil {
			continue
		}
		if i, known := at[l.Truth.Key]; known {
			kept[i] = l
			continue
		}
		at[l.Truth.Key] = len(kept)
		kept = append(kept, l)
	}
	return kept, p
}

// restore fills an empty book.
func (b *Book) restore(lines []line) {
	for _, l := range lines {
		s := b.shard(l.Truth.code())
		s.mu.Lock()
		e := b.add(s, l.Truth.Key)
		e.truth, e.endAt, e.endState = *l.Truth, l.EndAt, l.EndState
		s.mu.Unlock()
		b.arrivals.Add(int64(l.Truth.Requests))
		b.effects.Add(int64(l.Truth.Effects))
		if l.Truth.Order == nil {
			b.unknown.Add(1)
		} else {
			b.orders.Add(1)
		}
		for _, a := range l.Truth.Arrivals {
			b.nextID.Store(max(b.nextID.Load(), a.ID))
		}
	}
}

// Reset empties the book, and the journal down to a personality, while nothing else happens.
func (b *Book) Reset(p behaviour.Personality) error {
	for i := range b.shards {
		b.shards[i].mu.Lock()
		defer b.shards[i].mu.Unlock()
	}
	b.listMu.Lock()
	defer b.listMu.Unlock()
	if err := b.journal.rewrite([]line{{Personality: &p}}); err != nil {
		return err
	}
	for i := range b.shards {
		clear(b.shards[i].byCode)
	}
	for _, e := range b.list {
		e.endAt = time.Time{} // somebody may still be walking an older copy of the list
	}
	b.list = nil
	b.orders.Store(0)
	b.unknown.Store(0)
	b.arrivals.Store(0)
	b.effects.Store(0)
	b.forgotten.Store(0)
	return nil
}

// entries is the list as it is now; entries are only ever added, so the copy stays good.
func (b *Book) entries() []*entry {
	b.listMu.RLock()
	defer b.listMu.RUnlock()
	return slices.Clip(b.list)
}
