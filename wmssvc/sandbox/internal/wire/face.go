// Package wire is the WMS's two protocols as they are on the wire, 旺店通's own and 奇门's: whom they let in, how a request
// is read, how an answer looks, and every way in which an answer goes wrong or something else answers instead.
//
// What becomes of an order is package warehouse's business, and which faults are played package behaviour's.
package wire

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
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
	Accounts []warehouse.Account
	Now      func() time.Time
	Log      *slog.Logger
	Book     *warehouse.Book
	Conduct  *behaviour.Conduct
}

// New makes the vendor's API.
func New(setup Setup) *Face {
	return &Face{Setup: setup, throttle: newThrottle(), stopping: make(chan struct{})}
}

// Serve adds both protocols to a mux.
func (s *Face) Serve(mux *http.ServeMux) {
	for _, d := range []*dialect{&wdtDialect, &qimenDialect} {
		mux.HandleFunc(d.path, s.serveVendor(d))
	}
}

// WDTPath and QimenPath are where the two protocols are served.
const (
	WDTPath   = "/wms_api/wdt_service.php"
	QimenPath = "/router/qimen/service"
)

// Close drops the answers that wait, once.
func (s *Face) Close() { close(s.stopping) }

// Rejections lists the newest 1000 requests that never became a cancel, oldest first, and how many there were.
func (s *Face) Rejections() ([]warehouse.Rejection, int64) { return s.rejected.newest() }

// ClearRejections forgets them.
func (s *Face) ClearRejections() { s.rejected.clear() }
