package warehouse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// syncEvery is how long a power cut may reach back; a killed process loses nothing.
const syncEvery = time.Second

// journal keeps the book in a file: one JSON line for each change, holding the whole of what changed, so that the last
// line of a key is its truth. A line is with the operating system before the change is answered. Opening and resetting
// rewrite the file to its living lines through a temporary one that is renamed.
//
// A nil journal keeps nothing. One server at a time may use a file.
type journal struct {
	path string

	mu     sync.Mutex
	file   *os.File
	unsync bool
	err    error // the first write that went wrong; the server lives on and Status says so

	stop chan struct{}
	done chan struct{}
}

// line is one record: an entry, or a personality.
type line struct {
	Truth       *Truth                 `json:"truth,omitempty"`
	EndAt       time.Time              `json:"end_at,omitzero"`
	EndState    State                  `json:"end_state,omitempty"`
	Personality *behaviour.Personality `json:"personality,omitempty"`
}

func (e *entry) line() line {
	return line{Truth: &e.truth, EndAt: e.endAt, EndState: e.endState}
}

// readJournal returns the lines of a file in order. A torn last line, left by a kill in the middle of a write, is
// dropped; anything else that cannot be read is an error, for a truth with holes is none.
func readJournal(path string) ([]line, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read sandbox state: %w", err)
	}
	var lines []line
	for n := 1; len(text) > 0; n++ {
		raw, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			break
		}
		text = rest
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return nil, fmt.Errorf("sandbox state %s line %d: %w", path, n, err)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// openJournal starts the file with these lines.
func openJournal(path string, lines []line) (*journal, error) {
	j := &journal{path: path, stop: make(chan struct{}), done: make(chan struct{})}
	if err := j.rewrite(lines); err != nil {
		return nil, err
	}
	go j.syncLoop()
	return j, nil
}

// rewrite replaces the file by these lines.
func (j *journal) rewrite(lines []line) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("encode sandbox state: %w", err)
		}
	}
	file, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("create sandbox state: %w", err)
	}
	_, err = file.Write(text.Bytes())
	if err = errors.Join(err, file.Sync()); err == nil {
		err = os.Rename(file.Name(), j.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write sandbox state: %w", err), file.Close(), os.Remove(file.Name()))
	}
	old := j.file
	j.file, j.unsync, j.err = file, false, nil
	if old != nil {
		return old.Close()
	}
	return nil
}

// entry appends one entry; the caller holds the lock that guards it.
func (j *journal) entry(e *entry) {
	if j != nil {
		j.append(e.line())
	}
}

func (j *journal) append(l line) {
	if j == nil {
		return
	}
	text, err := json.Marshal(l)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	j.unsync = true
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("write sandbox state: %w", err)
	}
}

func (j *journal) failure() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

func (j *journal) syncLoop() {
	defer close(j.done)
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			j.sync()
		case <-j.stop:
			return
		}
	}
}

// sync brings what was written to the disk, outside the lock, so that no request waits for it.
func (j *journal) sync() {
	j.mu.Lock()
	file, due := j.file, j.unsync
	j.unsync = false
	j.mu.Unlock()
	if !due {
		return
	}
	err := file.Sync()
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil && j.err == nil && file == j.file {
		j.err = fmt.Errorf("sync sandbox state: %w", err)
	}
}

// close ends the loop and the file. It is called once.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	close(j.stop)
	<-j.done
	return errors.Join(j.failure(), j.file.Sync(), j.file.Close())
}
