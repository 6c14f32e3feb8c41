package memory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// fileName is the memory; previousName what was remembered before a person last confirmed, and lockName is held by
	// the host that uses the folder.
	fileName     = "ledger-memory.jsonl"
	previousName = "ledger-memory.previous.jsonl"
	lockName     = "ledger-memory.lock"

	// linesKept is how long a line is kept, and mostBytes bounds the file: beyond half of it the oldest lines go.
	linesKept = 7 * 24 * time.Hour
	mostBytes = 32 << 20
	// pruneAfter is how much is appended at least before old lines are looked for.
	pruneAfter = 1 << 20
)

// ErrInUse says that another host has the folder.
var ErrInUse = errors.New("another orchestrator uses this folder: each wants one of its own (该目录正被另一个 orchestrator 使用)")

// folder is the memory on disk: a file of lines that is appended to, and written anew where old lines go. Not safe for
// concurrent use.
type folder struct {
	dir  string
	lock *os.File
	now  func() time.Time

	// head says which ledger it is about; nil: nothing is remembered yet. newest is the last event seen.
	head   *Head
	newest Line
	// size is that of the file, and whole what it was when it was last written anew; torn: its last line may be one.
	size, whole int64
	torn        bool
}

// entry is a line of the file: a head, or an event. The last head counts.
type entry struct {
	*Head
	*Line
}

// openFolder makes the folder where there is none, takes its lock, and reads what is remembered. A line that was torn
// by a crash is dropped. The error names the folder.
func openFolder(dir string, now func() time.Time) (*folder, error) {
	f := &folder{dir: dir, now: now}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		f.lock, err = takeLock(filepath.Join(dir, lockName))
	}
	if err == nil {
		err = f.load()
	}
	if err != nil {
		f.close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return f, nil
}

func (f *folder) path() string { return filepath.Join(f.dir, fileName) }

func (f *folder) close() {
	if f.lock != nil {
		_ = f.lock.Close() // and with it goes the lock
	}
}

func (f *folder) load() error {
	lines, err := f.read()
	if err != nil || f.head == nil {
		return err
	}
	return f.write(*f.head, lines)
}

// read answers the lines, and sets what the file says of the ledger.
func (f *folder) read() ([]Line, error) {
	text, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []Line
	scan := bufio.NewScanner(bytes.NewReader(text))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var e entry
		if json.Unmarshal(scan.Bytes(), &e) != nil {
			continue // torn
		}
		switch {
		case e.Head != nil && e.Head.LedgerID != "":
			f.head = e.Head
		case e.Line != nil && e.Line.Number > 0:
			lines, f.newest = append(lines, *e.Line), *e.Line
		}
	}
	if err := scan.Err(); err != nil {
		return nil, err
	}
	if f.head == nil {
		return nil, fmt.Errorf("%s does not say which ledger it is about; see what is in it, then move it away "+
			"(文件已损坏，查看后移走)", fileName)
	}
	return lines, nil
}

// write replaces what is remembered, dropping old lines but for the newest; the file is whole or as it was.
func (f *folder) write(head Head, lines []Line) error {
	var kept [][]byte
	var total int
	oldest := f.now().Add(-linesKept)
	for i := len(lines) - 1; i >= 0 && total < mostBytes/2; i-- {
		if newest := i == len(lines)-1; !newest && (!lines[i].told() || lines[i].Time.Before(oldest)) {
			continue
		}
		text, err := json.Marshal(lines[i])
		if err != nil {
			return err
		}
		kept, total = append(kept, text), total+len(text)+1
	}
	first, err := json.Marshal(head)
	if err != nil {
		return err
	}
	text := bytes.NewBuffer(append(first, '\n'))
	for i := len(kept) - 1; i >= 0; i-- {
		text.Write(append(kept[i], '\n'))
	}
	fresh := f.path() + ".new"
	if err := writeSynced(fresh, os.O_CREATE|os.O_TRUNC, text.Bytes()); err != nil {
		return err
	}
	if err := os.Rename(fresh, f.path()); err != nil {
		return err
	}
	f.head, f.newest = &head, Line{}
	if len(lines) > 0 {
		f.newest = lines[len(lines)-1]
	}
	f.size, f.whole = int64(text.Len()), int64(text.Len())
	return syncDir(f.dir)
}

// begin forgets what was remembered, which stays beside it as the previous memory, and begins with another ledger.
func (f *folder) begin(head Head, newest Line) error {
	if f.head != nil {
		err := os.Rename(f.path(), filepath.Join(f.dir, previousName))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	var lines []Line
	if newest.Number > 0 {
		lines = []Line{newest}
	}
	return f.write(head, lines)
}

// append remembers further events, the newest last; they are on disk when it returns.
func (f *folder) append(lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	var text bytes.Buffer
	if f.torn {
		text.WriteByte('\n')
	}
	for _, l := range lines {
		one, err := json.Marshal(l)
		if err != nil {
			return err
		}
		text.Write(append(one, '\n'))
	}
	if err := writeSynced(f.path(), os.O_APPEND, text.Bytes()); err != nil {
		f.torn = true
		return err
	}
	f.torn = false
	f.newest, f.size = lines[len(lines)-1], f.size+int64(text.Len())
	if f.size-f.whole < pruneAfter && f.size < mostBytes {
		return nil
	}
	all, err := f.read()
	if err != nil {
		return err
	}
	return f.write(*f.head, all)
}

// note remembers that the same ledger is in another place.
func (f *folder) note(head Head) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if err := writeSynced(f.path(), os.O_APPEND, append(append([]byte{'\n'}, text...), '\n')); err != nil {
		return err
	}
	f.head, f.size = &head, f.size+int64(len(text))+1
	return nil
}

// writeSynced writes to a file that only its owner may read, and has it on disk when it returns.
func writeSynced(path string, how int, text []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|how, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Check says why a folder could not be used, or nil. It makes and changes nothing.
func Check(dir string) error {
	if strings.TrimSpace(dir) == "" || !filepath.IsAbs(dir) {
		return errors.New("want the absolute path of a folder on a disk, such as /var/lib/voidrelay/memory")
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", dir)
	}
	return err
}
