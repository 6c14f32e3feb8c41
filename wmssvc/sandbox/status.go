package sandbox

import (
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Rejections lists the newest 1000 requests that never became a cancel, oldest first, and how many there were.
func (s *Server) Rejections() ([]warehouse.Rejection, int64) { return s.face.Rejections() }

// Status sums up the sandbox.
type Status struct {
	Sandbox  string                  `json:"sandbox"` // always "wms"
	URL      string                  `json:"url"`
	QimenURL string                  `json:"qimen_url"`
	SIDs     []string                `json:"sids"`
	Time     time.Time               `json:"time"`
	Orders   int64                   `json:"orders"`
	States   map[warehouse.State]int `json:"states"`
	Cancels  int64                   `json:"cancels"`  // requests that were admitted and readable
	Effects  int64                   `json:"effects"`  // how many of them cancelled an order
	Rejected int64                   `json:"rejected"` // requests that never became a cancel
	Unknown  int64                   `json:"unknown"`  // keys that were asked for and never existed
	// cancels of unknown keys beyond the first 100,000 such keys
	Forgotten int64 `json:"forgotten,omitempty"`
	// the state file can no longer be trusted, and why
	StateError string `json:"state_error,omitempty"`
}

// Status sums up the sandbox. It walks the whole book.
func (s *Server) Status() Status {
	_, rejected := s.face.Rejections()
	count := s.book.Count()
	status := Status{
		Sandbox: headerSandboxValue, URL: s.URL(), QimenURL: s.QimenURL(), Time: s.cfg.Now(),
		Orders: count.Orders, States: s.book.ByState(s.cfg.Now()), Cancels: count.Cancels,
		Effects: count.Effects, Rejected: rejected, Unknown: count.Unknown, Forgotten: count.Forgotten,
	}
	for _, a := range s.cfg.Accounts {
		status.SIDs = append(status.SIDs, a.SID)
	}
	if err := s.book.Failure(); err != nil {
		status.StateError = err.Error()
	}
	return status
}

// Reset forgets orders, truth, faults and rejections and returns to the personality of the start.
func (s *Server) Reset() error {
	if err := s.StartOver(s.book.Reset); err != nil {
		return err
	}
	s.face.ClearRejections()
	return nil
}
