package books

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// stateVersion is raised when the file's form changes; other versions are refused.
const stateVersion = 2

type state struct {
	Version  int       `json:"version"`
	AcctID   string    `json:"acct_id"`
	Counters counters  `json:"counters"`
	Bills    []*Bill   `json:"bills"`
	Past     []History `json:"past"`
}

// snapshot is the state at one moment; what it refers to does not change.
func (st *Store) snapshot() state {
	st.mu.RLock()
	defer st.mu.RUnlock()
	x := state{
		Version: stateVersion, AcctID: st.acctID, Counters: st.next,
		Bills: slices.Clone(st.bills), Past: make([]History, 0, len(st.past)),
	}
	for _, h := range st.past {
		x.Past = append(x.Past, *h)
	}
	return x
}

// load reads the state file; false if there is none.
func (st *Store) load() (bool, error) {
	if st.saver.path == "" {
		return false, nil
	}
	text, err := os.ReadFile(st.saver.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("kingdee sandbox: state: %w", err)
	}
	var x state
	if err := json.Unmarshal(text, &x); err != nil {
		return false, fmt.Errorf("kingdee sandbox: state %s: %w", st.saver.path, err)
	}
	if x.Version != stateVersion || x.AcctID != st.acctID {
		return false, fmt.Errorf("kingdee sandbox: state %s is of version %d and data centre %s, wanted are %d and %s",
			st.saver.path, x.Version, x.AcctID, stateVersion, st.acctID)
	}
	st.restore(x)
	return true, nil
}

func (st *Store) restore(x state) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.clear()
	st.next = x.Counters
	for _, b := range x.Bills {
		st.rezone(b)
		st.bills = append(st.bills, b)
		st.byNo[b.BillNo] = b.ID
	}
	for i := range x.Past {
		st.past[x.Past[i].BillID] = &x.Past[i]
	}
}

// rezone puts dates that came through JSON back into the server's zone.
func (st *Store) rezone(b *Bill) {
	for _, t := range b.times() {
		if !t.IsZero() {
			*t = t.In(st.Zone)
		}
	}
}

// Keep remembers the bills as they are now, in place of an older copy.
func (st *Store) Keep() {
	x := st.snapshot()
	st.kept.Store(&x)
}

// ErrNoCopy says that nothing was kept.
var ErrNoCopy = errors.New("no copy was kept")

// GoBack restores the copy that was kept, as somebody does who restores a data centre from a back-up: what was made
// since is gone, what was changed is as before, and ids and numbers are given again. The sandbox's own account goes
// back with it.
func (st *Store) GoBack() error {
	x := st.kept.Load()
	if x == nil {
		return ErrNoCopy
	}
	again := *x
	again.Bills = make([]*Bill, len(x.Bills))
	for i, b := range x.Bills {
		again.Bills[i] = b.Clone()
	}
	again.Past = slices.Clone(x.Past)
	for i := range again.Past {
		again.Past[i].Events = slices.Clone(x.Past[i].Events)
	}
	st.restore(again)
	st.saver.changed()
	return nil
}
