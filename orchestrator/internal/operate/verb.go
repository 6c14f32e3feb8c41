package operate

import "fmt"

// verbRule says what a verb applies to.
type verbRule struct {
	// states are selected by a filter that names none.
	states []string
	// applies is the condition on a cancellation c; what breaks it is refused with the words of refuse.
	applies string
	refuse  func(refusedRow) string
}

// isSender keeps an act off a cancellation that shares its order with one that is not settled: whatever is done about
// the order is done there.
const isSender = `(c.same_order_as is null or c.state in ('done', 'withdrawn', 'dry_run', 'closed'))`

func sharedWords(sender int64) string {
	return fmt.Sprintf("与取消记录 %d 是同一个仓库单（same_order），随它发送和结束，请对 %d 操作", sender, sender)
}

// notInFlight keeps an act off a cancellation whose attempt has no answer yet: the answer would meet another state than
// it was asked in.
const notInFlight = `c.lease_until is null`

const inFlightWords = "请求正在途中，等结果回来再操作"

// refusedWords is what a state says to every act that it does not allow; an act may have words of its own.
var refusedWords = map[string]string{
	"planned":         "所属的读取任务尚未完成，稍后再操作",
	"open":            "正在处理，没有被暂停",
	"held":            "暂停中，请先放行（release）",
	"needs_attention": "已转人工，没有被暂停；要再次请求请用重试（retry）",
	"done":            "已取消，无需操作",
	"withdrawn":       "已撤回：作废的原因已不成立",
	"dry_run":         "决定时方案处于仅观察模式，只有回补（backfill）会发送",
	"closed":          "已关闭",
}

func refuseBy(own map[string]string) func(refusedRow) string {
	return func(r refusedRow) string {
		if r.Sender != 0 {
			return sharedWords(r.Sender)
		}
		if r.InFlight && (r.State == "open" || r.State == "needs_attention" || r.State == "held") {
			return inFlightWords
		}
		if words, ok := own[r.State]; ok {
			return words
		}
		return refusedWords[r.State]
	}
}

// neverSent is true of a cancellation c that was decided before its scheme was set to send and never tried since:
// whatever a person made of it later, only a backfill sends it.
const neverSent = `(c.attempt = 0 and exists (select from scheme s where s.scheme = c.scheme and s.send_since > ` +
	`c.decide_time))`

var (
	retryRule = verbRule{
		states: []string{"needs_attention", "open"},
		applies: isSender + ` and ` + notInFlight + ` and (c.state in ('needs_attention', 'open')
    or c.state = 'closed' and not ` + neverSent + `
    or c.state = 'done' and (c.outcome = 'marked_done' and not ` + neverSent + ` or c.inferred))`,
		refuse: func(r refusedRow) string {
			if r.Sender == 0 && !r.InFlight && (r.State == "closed" || r.Outcome == "marked_done") {
				return refusedWords["dry_run"]
			}
			return refuseBy(map[string]string{"done": "旺店通已确认取消，无需重试"})(r)
		},
	}
	ignoreRule = verbRule{
		states:  []string{"needs_attention", "open", "held"},
		applies: isSender + ` and ` + notInFlight + ` and c.state in ('needs_attention', 'open', 'held', 'dry_run')`,
		refuse:  refuseBy(nil),
	}
	markDoneRule = verbRule{
		states: []string{"needs_attention", "open", "held"},
		applies: isSender + ` and ` + notInFlight + ` and
    c.state in ('needs_attention', 'open', 'held', 'dry_run', 'closed')`,
		refuse: refuseBy(nil),
	}
	// A held one whose request is on its way may go: its answer finds it open, and decides.
	releaseRule = verbRule{states: []string{"held"}, applies: isSender + ` and c.state = 'held'`, refuse: refuseBy(nil)}
)
