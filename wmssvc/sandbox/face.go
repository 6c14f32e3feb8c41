package sandbox

import (
	"log/slog"
	"net/http"
	"time"
)

// Face is the vendor's two protocols over the order book.
type Face struct {
	Setup

	throttle *throttle
	rejected rejections
	stopping chan struct{}
}

// Setup is what a face is made of. All of it must be given.
type Setup struct {
	accounts []Account
	now      func() time.Time
	log      *slog.Logger
	book     *book
	conduct  *Conduct
}

// newFace makes the vendor's API.
func newFace(setup Setup) *Face {
	return &Face{Setup: setup, throttle: newThrottle(), stopping: make(chan struct{})}
}

// Serve adds both protocols to a mux.
func (s *Face) Serve(mux *http.ServeMux) {
	for _, d := range []*dialect{&wdtDialect, &qimenDialect} {
		mux.HandleFunc(d.path, s.serveVendor(d))
	}
}

// wdtPath and qimenPath are where the two protocols are served.
const (
	wdtPath   = "/wms_api/wdt_service.php"
	qimenPath = "/router/qimen/service"
)

// Close drops the answers that wait, once.
func (s *Face) Close() { close(s.stopping) }

// Rejections lists the newest 1000 requests that never became a cancel, oldest first, and how many there were.
func (s *Face) Rejections() ([]Rejection, int64) { return s.rejected.newest() }

// ClearRejections forgets them.
func (s *Face) ClearRejections() { s.rejected.clear() }
