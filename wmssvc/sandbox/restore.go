package sandbox

import (
	"slices"
	"time"
)

// living reduces a journal to the last line of each key, in the order the keys first appeared, and to the last
// personality, if there was one.
func living(lines []line) ([]line, *Personality) {
	at := map[Key]int{}
	var kept []line
	var p *Personality
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
func (b *book) restore(lines []line) {
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

// reset empties the book, and the journal down to these lines, while nothing else happens.
func (b *book) reset(lines ...line) error {
	for i := range b.shards {
		b.shards[i].mu.Lock()
		defer b.shards[i].mu.Unlock()
	}
	b.listMu.Lock()
	defer b.listMu.Unlock()
	if err := b.journal.rewrite(lines); err != nil {
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
func (b *book) entries() []*entry {
	b.listMu.RLock()
	defer b.listMu.RUnlock()
	return slices.Clip(b.list)
}
