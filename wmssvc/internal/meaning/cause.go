package meaning

import (
	"bytes"
	"errors"
	"net/http"
	"strings"

	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// Cause is how an unknown outcome came about: whether the WMS may have done what was asked and its answer was lost, or
// somebody in front of it answered, or an answer came that says nothing.
type Cause int

// The causes; NoCause for every outcome that is known.
const (
	NoCause Cause = iota
	Lost
	Proxy
	Unreadable
)

// brokenBy is the cause where no whole answer came.
func brokenBy(err error) Cause {
	if errors.Is(err, wms.ErrAnswerTooLarge) || errors.Is(err, wms.ErrNotHTTP) {
		return Unreadable
	}
	return Lost
}

// unreadBy is the cause where an answer came that cannot be read. One that begins like the WMS's and breaks off
// is a lost one.
func unreadBy(e *wms.Exchange, err error) Cause {
	if cause := byStatus(e.Status); cause != Unreadable {
		return cause
	}
	if isPage(e) || e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError {
		return Proxy
	}
	if errors.Is(err, wms.ErrBrokenOff) {
		return Lost
	}
	return Unreadable
}

// statusOriginTimeout is what a common network in front of servers says for 504
// (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/).
const statusOriginTimeout = 524

// byStatus is what the HTTP status alone says of who answered: a gateway says 504 when it waited for the WMS in vain,
// the others when it answers in its stead.
func byStatus(status int) Cause {
	switch {
	case status == http.StatusGatewayTimeout, status == statusOriginTimeout:
		return Lost
	case status < http.StatusOK, isRedirect(status),
		status == http.StatusBadGateway, status == http.StatusServiceUnavailable:
		return Proxy
	}
	return Unreadable
}

// byPlatform is what an answer of the platform in front says: its own time-outs (isp.top-remote-connection-timeout) are
// lost answers.
func byPlatform(answer wms.Answer) Cause {
	if strings.Contains(strings.ToLower(answer.SubCode+" "+answer.Code), "timeout") {
		return Lost
	}
	return Proxy
}

// isPage says that the reply is for people to read in a browser.
func isPage(e *wms.Exchange) bool {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(e.Header.Get("Content-Type"))), "text/html") &&
		!bytes.Contains(e.Reply, []byte("<response")) {
		return len(bytes.TrimSpace(e.Reply)) > 0
	}
	beginning := bytes.ToLower(bytes.TrimLeft(e.Reply[:min(len(e.Reply), 512)], "\xef\xbb\xbf \t\r\n"))
	return bytes.HasPrefix(beginning, []byte("<html")) || bytes.HasPrefix(beginning, []byte("<!doctype html"))
}
