package verdict

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

// pauses are the forms in which an answer names its pause: "This ban will last for 1 more seconds" of the platform below Qimen, and how
// others would say it.
var pauses = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(?:ban|limit)[^.;\d]{0,40}?(\d+)\s*(?:more\s+)?(second|sec|s|minute|min|hour)s?\b`),
	regexp.MustCompile(`(?i)(?:retry|try again|wait)[^.;\d]{0,20}?(\d+)\s*(second|sec|s|minute|min|hour)s?\b`),
	regexp.MustCompile(`(\d+)\s*(秒|分钟|分|小时)(?:钟)?(?:之?后|以后|内请?勿|再试|再调用|再请求|再重试)`),
	regexp.MustCompile(`(?:等待|剩余|还需|暂停|限制)[^,，。;；\d]{0,6}(\d+)\s*(秒|分钟|分|小时)`),
}

var units = map[string]time.Duration{
	"second": time.Second, "sec": time.Second, "s": time.Second, "minute": time.Minute, "min": time.Minute, "hour": time.Hour,
	"秒": time.Second, "分钟": time.Minute, "分": time.Minute, "小时": time.Hour,
}

// namedPause is how long an answer says that it lasts; zero where it does not say.
func namedPause(texts ...string) time.Duration {
	for _, text := range texts {
		for _, form := range pauses {
			found := form.FindStringSubmatch(text)
			if found == nil {
				continue
			}
			number, err := strconv.Atoi(found[1])
			if err != nil || number > int(maxSlowDown/time.Second) {
				return maxSlowDown
			}
			return min(max(time.Duration(number)*units[strings.ToLower(found[2])], time.Second), maxSlowDown)
		}
	}
	return 0
}

// askedFor reads from status and header whether an overloaded server wants to be left alone, and for how long; zero where it does not
// say. Only the form in seconds is read: a date would need the server's clock.
func askedFor(e *wms.Exchange) (busy bool, pause time.Duration) {
	if e.Status != http.StatusTooManyRequests && e.Status != http.StatusServiceUnavailable {
		return false, 0
	}
	seconds, err := strconv.Atoi(e.Header.Get("Retry-After"))
	if err == nil && seconds > 0 {
		return true, time.Duration(min(seconds, int(maxSlowDown/time.Second))) * time.Second
	}
	return e.Status == http.StatusTooManyRequests, 0
}
