// Package meaning says what one exchange with the WMS means for the order that it was about.
//
// It keeps the one promise that everything else leans on: "nothing happened" (not_sent) is said only when no
// byte of the request left, and whatever cannot be read after one did is unknown. What an answer's words mean is
// the dictionary's.
package meaning

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// Reading is what was read out of an exchange.
type Reading struct {
	dictionary.Meaning
	// Answer is the vendor's, zero when none could be read.
	Answer wms.Answer
	// Read says that a vendor's answer could be read, whatever was made of it.
	Read bool
	// Cause says how an unknown outcome came about.
	Cause Cause
	// Detail says why, where the vendor's words do not.
	Detail string
	// Busy says that the server asks to be left alone, by a throttle answer, 429, or a Retry-After on 503; SlowDown for
	// how long, zero where it does not say.
	Busy     bool
	SlowDown time.Duration
}

const flagSuccess = "success"

// Of reads the exchange about this order.
func Of(e *wms.Exchange, o wms.Order, words *dictionary.Dictionary) Reading {
	if !e.Left {
		return Reading{Meaning: dictionary.Meaning{Disposition: dictionary.NotSent}, Detail: notSent(e)}
	}
	r := Reading{Meaning: unknown}
	r.Busy, r.SlowDown = askedFor(e)
	if e.Err != nil {
		r.Cause, r.Detail = brokenBy(e.Err), e.Err.Error()
		return r
	}
	answer, err := e.Answer()
	if err != nil {
		r.Cause, r.Detail = unreadBy(e, err), unreadable(e, err)
		return r
	}
	r.Answer, r.Read = answer, true
	if contradiction := contradicts(e.Status, answer); contradiction != "" {
		r.Cause, r.Detail = byStatus(e.Status), contradiction
		return r
	}
	r.classify(o, words)
	if r.Disposition == dictionary.Throttled {
		r.rest(e.Header)
	}
	return r
}

// contradicts says why an answer that could be read is not believed all the same; empty when it is.
func contradicts(status int, answer wms.Answer) string {
	success := answer.Flag == flagSuccess
	switch {
	case status >= http.StatusInternalServerError || status < http.StatusOK || isRedirect(status):
		return "HTTP status " + strconv.Itoa(status)
	case success && status >= http.StatusBadRequest:
		return "the flag says success and the HTTP status is " + strconv.Itoa(status)
	case !success && strings.EqualFold(strings.TrimSpace(answer.Flag), flagSuccess):
		return "the flag is nearly, but not exactly, success"
	}
	return ""
}

// classify lets the dictionary say what a believed answer means.
func (r *Reading) classify(o wms.Order, words *dictionary.Dictionary) {
	answer := r.Answer
	order := dictionary.Order{Code: o.OrderCode, Warehouse: o.WarehouseCode, Type: o.OrderType, ID: o.OrderID}
	r.Meaning = words.Classify(dictionary.Answer{
		Success: answer.Flag == flagSuccess, Platform: answer.Platform,
		Codes: []string{answer.SubCode, answer.Code}, Texts: []string{answer.SubMessage, answer.Message}, Order: order,
	})
	var detail []string
	if answer.Platform {
		detail = append(detail, "the platform in front of the WMS answered")
	}
	switch {
	case r.Disposition == dictionary.Unknown:
		r.Cause = byPlatform(answer)
		if !answer.Platform {
			detail = append(detail, "the router in front of the WMS had trouble with it")
		}
	case r.Provisional:
		detail = append(detail, "a success whose words are not known, perhaps no more than a promise")
	}
	if below := beneath(answer); below != "" {
		detail = append(detail, below)
	}
	r.Detail = strings.Join(detail, "; ")
}

// rest is how long the account is to be left alone: as the words say, or the head, or the dictionary.
func (r *Reading) rest(header http.Header) {
	r.Busy = true
	r.SlowDown = cmp.Or(namedPause(r.Answer.SubMessage, r.Answer.Message), retryAfter(header), r.RetryAfter)
	r.RetryAfter = r.SlowDown
}

// beneath is what Qimen's envelope may say of the cause below code and message, for people.
func beneath(a wms.Answer) string {
	if a.SubCode == "" && a.SubMessage == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSpace("sub_code "+a.SubCode+": "+a.SubMessage), ":")
}

var unknown = dictionary.Meaning{Disposition: dictionary.Unknown}

func notSent(e *wms.Exchange) string {
	if e.TooLate() {
		return "send_before passed before the first byte could leave"
	}
	return e.Err.Error()
}

func unreadable(e *wms.Exchange, err error) string {
	detail := err.Error()
	if isPage(e) {
		detail = "a page, not an answer of the WMS: " + detail
	}
	if e.Status != http.StatusOK {
		detail = "HTTP status " + strconv.Itoa(e.Status) + "; " + detail
	}
	return detail
}

func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}
