// Package verdict says what one exchange with the WMS came to.
//
// It keeps the one promise that everything else leans on: "nothing happened" (not_sent) is said only when no byte of the
// request left, and whatever cannot be read after one did is unknown. What an answer's words mean is the dictionary's.
package verdict

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// Verdict is the meaning of an exchange.
type Verdict struct {
	dictionary.Meaning
	// Answer is the vendor's, zero when none could be read.
	Answer wms.Answer
	// Read says that a vendor's answer could be read, whatever was made of it.
	Read bool
	// Text is the answer's text as it is compared and grouped; empty without one.
	Text string
	// Detail says why, where the vendor's words do not.
	Detail string
	// SlowDown is how long the server asks to be left alone, by a throttle answer or a Retry-After on 429 and 503; zero
	// for not at all.
	SlowDown time.Duration
}

const (
	flagSuccess = "success"

	maxSlowDown = time.Hour
	// busySlowDown is for a 429 that does not say how long.
	busySlowDown = 30 * time.Second
)

// Of judges the exchange about this order.
func Of(e *wms.Exchange, o wms.Order, words *dictionary.Dictionary) Verdict {
	if !e.Left {
		return Verdict{Meaning: dictionary.Meaning{Disposition: dictionary.NotSent}, Detail: notSent(e)}
	}
	slowDown := askedFor(e)
	if e.Err != nil {
		return unknown(slowDown, wms.Answer{}, false, e.Err.Error())
	}
	answer, err := e.Answer()
	if err != nil {
		return unknown(slowDown, wms.Answer{}, false, unreadable(e.Status, err))
	}
	if e.Status >= http.StatusInternalServerError || e.Status < http.StatusOK || isRedirect(e.Status) {
		return unknown(slowDown, answer, true, "HTTP status "+strconv.Itoa(e.Status))
	}
	success := answer.Flag == flagSuccess
	if success && e.Status >= http.StatusBadRequest {
		return unknown(slowDown, answer, true, "the flag says success and the HTTP status is "+strconv.Itoa(e.Status))
	}
	if !success && strings.EqualFold(strings.TrimSpace(answer.Flag), flagSuccess) {
		return unknown(slowDown, answer, true, "the flag is nearly, but not exactly, success")
	}
	order := dictionary.Order{Code: o.OrderCode, Warehouse: o.WarehouseCode, Type: o.OrderType, ID: o.OrderID}
	meaning := words.Classify(dictionary.Answer{
		Success: success,
		Codes:   []string{answer.SubCode, answer.Code},
		Texts:   []string{answer.SubMessage, answer.Message},
		Order:   order,
	})
	if meaning.Disposition == dictionary.Throttled {
		meaning.RetryAfter = max(meaning.RetryAfter, slowDown)
		slowDown = meaning.RetryAfter
	}
	detail := beneath(answer)
	if meaning.Provisional {
		detail = strings.TrimSpace("a success whose words are not known, perhaps no more than a promise; " + detail)
	}
	return Verdict{
		Meaning: meaning, Answer: answer, Read: true, Text: dictionary.Comparable(order, answer.Message, answer.SubMessage),
		Detail: strings.TrimSuffix(detail, ";"), SlowDown: slowDown,
	}
}

// beneath is what Qimen's envelope may say of the cause below code and message, for people.
func beneath(a wms.Answer) string {
	if a.SubCode == "" && a.SubMessage == "" {
		return ""
	}
	return strings.TrimSpace("sub_code " + a.SubCode + ": " + a.SubMessage)
}

func unknown(slowDown time.Duration, answer wms.Answer, read bool, detail string) Verdict {
	return Verdict{
		Meaning: dictionary.Meaning{Disposition: dictionary.Unknown},
		Answer:  answer, Read: read, Detail: detail, SlowDown: slowDown,
	}
}

func notSent(e *wms.Exchange) string {
	if e.TooLate() {
		return "send_before passed before the first byte could leave"
	}
	return e.Err.Error()
}

func unreadable(status int, err error) string {
	detail := err.Error()
	if status != http.StatusOK {
		detail = "HTTP status " + strconv.Itoa(status) + "; " + detail
	}
	return detail
}

func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}

// askedFor reads how long an overloaded server wants to be left alone. Only the form in seconds is read: a date would need
// the server's clock.
func askedFor(e *wms.Exchange) time.Duration {
	if e.Status != http.StatusTooManyRequests && e.Status != http.StatusServiceUnavailable {
		return 0
	}
	if seconds, err := strconv.Atoi(e.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, maxSlowDown)
	}
	if e.Status == http.StatusTooManyRequests {
		return busySlowDown
	}
	return 0
}
