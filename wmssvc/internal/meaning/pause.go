package meaning

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// maxSlowDown bounds what an answer may ask for; a longer pause is looked into by the harmless call after that time.
const maxSlowDown = time.Hour

// pauses are the forms in which an answer names its pause: "This ban will last for 1 more seconds" of the
// platform below Qimen, and how others would say it. A limit that is told with its period (每分钟60次, 100 calls in 1
// minute) names none.
var pauses = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(?:ban|limit)[^.;\d]{0,40}?(\d+)\s*(?:more\s+)?` + unit + `s?\b`),
	regexp.MustCompile(`(?i)(?:retry|try again|wait|after|remaining|for)[^.;\d]{0,20}?(\d+)\s*(?:more\s+)?` +
		unit + `s?\b`),
	regexp.MustCompile(`(?i)(\d+)\s*(?:more\s+` + unit + `s?\b|` + unit + `s?\s+(?:remaining|left|later)\b)`),
	regexp.MustCompile(`(?i)(` + amount + `)\s*(?:个)?(s|秒|分钟|分|min|小时|刻钟)(?:钟)?(?:之?后|以后|内请?勿|内不|再试|再调用|再请求|再重试|后?解)`),
	regexp.MustCompile(`(?:等待|等|剩余|还剩|还需|暂停|限制|冻结|封禁|禁用|禁止|锁定|间隔|休息|持续)[^,，。;；\d每]{0,6}?(` + amount +
		`)\s*(?:个)?(秒|分钟|分|小时)(?:钟)?(?:[^\d钟]|$)`),
}

const (
	unit   = `(second|sec|s|minute|min|hour)`
	amount = `\d+|半|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]`
)

var units = map[string]time.Duration{
	"second": time.Second, "sec": time.Second, "s": time.Second, "minute": time.Minute,
	"min": time.Minute, "hour": time.Hour,
	"秒": time.Second, "分钟": time.Minute, "分": time.Minute, "小时": time.Hour, "刻钟": 15 * time.Minute,
}

// namedPause is how long an answer says that it lasts; zero where it does not say.
func namedPause(texts ...string) time.Duration {
	for _, text := range texts {
		for _, form := range pauses {
			if found := form.FindStringSubmatch(text); found != nil {
				// One of the places for the unit is filled.
				return pauseOf(found[1], units[strings.ToLower(strings.Join(found[2:], ""))])
			}
		}
	}
	return 0
}

// pauseOf is so many of a unit, within bounds.
func pauseOf(amount string, unit time.Duration) time.Duration {
	if amount == "半" {
		return min(max(unit/2, time.Second), maxSlowDown)
	}
	number, err := strconv.Atoi(amount)
	if err != nil {
		number = chineseNumber(amount)
	}
	if number > int(maxSlowDown/time.Second) {
		return maxSlowDown
	}
	return min(max(time.Duration(number)*unit, time.Second), maxSlowDown)
}

// chineseNumber reads a number below a hundred. Digits that are too many for a number are a very long pause.
func chineseNumber(text string) int {
	const digits = "零一二三四五六七八九"
	number := 0
	for _, r := range text {
		switch at := strings.IndexRune(digits, r); {
		case r == '十':
			number = max(number, 1) * 10
		case r == '两':
			number += 2
		case at >= 0:
			number += at / len("零")
		default:
			return int(maxSlowDown)
		}
	}
	return number
}

// askedFor reads from status and header whether an overloaded server wants to be left alone, and for how long; zero
// where it does not say.
func askedFor(e *wms.Exchange) (busy bool, pause time.Duration) {
	if e.Status != http.StatusTooManyRequests && e.Status != http.StatusServiceUnavailable {
		return false, 0
	}
	if pause := retryAfter(e.Header); pause > 0 {
		return true, pause
	}
	return e.Status == http.StatusTooManyRequests, 0
}

// retryAfter is the pause of the header of that name, in seconds or as a date. A date is taken by the server's own
// clock, which it tells in the same head.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxSlowDown/time.Second))) * time.Second
	}
	until, err := http.ParseTime(text)
	now, unsaid := http.ParseTime(header.Get("Date"))
	if err != nil || unsaid != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), maxSlowDown)
}
