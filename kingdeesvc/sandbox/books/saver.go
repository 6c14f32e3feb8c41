package books

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// coalesce is how long a change waits for others to be saved with it.
const coalesce = 100 * time.Millisecond

// saver writes the state file after changes, from one goroutine.
type saver struct {
	path  string
	log   *slog.Logger
	dirty chan struct{}
	quit  chan struct{}
	done  sync.WaitGroup
	take  func() state
}

func newSaver(path string, log *slog.Logger) *saver {
	return &saver{path: path, log: log, dirty: make(chan struct{}, 1), quit: make(chan struct{})}
}

// changed notes that there is something to save; it does not block.
func (s *saver) changed() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

func (s *saver) start(take func() state) {
	s.take = take
	if s.path == "" {
		return
	}
	s.done.Go(func() {
		for {
			select {
			case <-s.quit:
				return
			case <-s.dirty:
			}
			timer := time.NewTimer(coalesce)
			select {
			case <-s.quit:
				timer.Stop()
				return
			case <-timer.C:
			}
			if err := s.save(); err != nil {
				s.log.ErrorContext(context.Background(), "state not saved", "err", err)
			}
		}
	})
}

// stop ends the goroutine and saves once more.
func (s *saver) stop() error {
	close(s.quit)
	s.done.Wait()
	if s.path == "" {
		return nil
	}
	return s.save()
}

// save replaces the file as a whole, so that a kill leaves the old or the new one.
func (s *saver) save() error {
	text, err := json.Marshal(s.take())
	if err != nil {
		return fmt.Errorf("kingdee sandbox: state: %w", err)
	}
	if err := replaceFile(s.path, text); err != nil {
		return fmt.Errorf("kingdee sandbox: state: %w", err)
	}
	return nil
}

func replaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
