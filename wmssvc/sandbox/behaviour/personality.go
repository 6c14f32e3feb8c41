package behaviour

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Personality holds what no public source says about this WMS, or where sources differ. An empty field means its
// first value; the zero Personality is the default one. In JSON a PUT replaces all of it, a PATCH the named fields.
type Personality struct {
	// Match: strict (warehouse, number and type must fit), ignore_type, ignore_warehouse, code_only.
	Match string `json:"match"`
	// RepeatCancel of a cancelled order: failure (单据已取消,不能重复取消), success, or noop (success with a text that
	// says nothing was done). Both of the first two are on record elsewhere.
	RepeatCancel string `json:"repeat_cancel"`
	// Working orders: refuse, or intercept (拦截中: answered at once, ended later).
	Working string `json:"working"`
	// Approved orders: cancel, or promise: success in words of its own (PromiseText), and ended later like
	// an intercept.
	Approved    string `json:"approved"`
	PromiseText string `json:"promise_text"`
	// InterceptFlag is the flag of an intercept's answer: failure or success.
	InterceptFlag string `json:"intercept_flag"`
	// InterceptEnds: by_hand (the control API moves the order), cancelled, refused, or either (cancelled and refused by
	// turns), InterceptMS after it began.
	InterceptEnds string `json:"intercept_ends"`
	InterceptMS   int    `json:"intercept_ms"`
	// UnknownOrder: failure (单据不存在) or success (one WMS of another family is silent about it).
	UnknownOrder string `json:"unknown_order"`
	// Mismatch: named (the text says what does not fit) or not_found (answered as an unknown order).
	Mismatch string `json:"mismatch"`
	// RecreateCancelled: a cancelled number may be created again, and begins a new life.
	RecreateCancelled bool `json:"recreate_cancelled"`
	// RenumberCancelled: who creates a cancelled number again gets an order of a new one, with -1 (-2, …) behind it.
	RenumberCancelled bool `json:"renumber_cancelled"`
	// Front is what stands before the WMS and answers in its stead, FrontSeconds long from when it is set (0: until it
	// is changed). A proxy: bad_gateway, unavailable, gateway_timeout, redirect, maintenance (a page with status 200).
	// The platform below Qimen, as XML or JSON (FrontFormat): call_limit, signature, app_key, permission, clock,
	// router_timeout (the WMS did it all the same).
	Front        string `json:"front"`
	FrontFormat  string `json:"front_format"`
	FrontSeconds int    `json:"front_seconds"`
	// AcceptCNJG: the WDT dialect takes the processing-order type that its list leaves out.
	AcceptCNJG bool `json:"accept_cnjg"`
	// ClockToleranceSeconds for the request's timestamp; 0: 600, -1: every timestamp passes.
	ClockToleranceSeconds int `json:"clock_tolerance_seconds"`
	// ClockOffsetSeconds is how far the WMS's clock is ahead of the host's (behind, if negative): in its Date header,
	// and where it looks at a request's timestamp.
	ClockOffsetSeconds int `json:"clock_offset_seconds"`
	// RatePerMinute that each account may send; more is answered 超过每分钟最大调用频率限制. 0: no limit.
	RatePerMinute int `json:"rate_per_minute"`
	// LatencyMS is waited before each cancel is looked at, at most 120000.
	LatencyMS int `json:"latency_ms"`
	// SuccessCode and FailureCode: a literal, or absent (no element), or empty (an empty element). 0 and 1.
	SuccessCode string `json:"success_code"`
	FailureCode string `json:"failure_code"`
	// TextElement carries the text: message, msg, both, or absent.
	TextElement string `json:"text_element"`
	// Declaration: lower (encoding="utf-8"), upper, or absent.
	Declaration string `json:"declaration"`
	// LineEnds: crlf (after the declaration and at the end) or none.
	LineEnds string `json:"line_ends"`
	// Chaos plays a fault at random: kind → share of requests, 0 to 1, together at most 1.
	Chaos map[FaultKind]float64 `json:"chaos,omitempty"`
}

// DefaultPersonality is the vendor as its public answers show it, and a strict reading of what they do not show.
func DefaultPersonality() Personality { return Personality{}.WithDefaults() }

const maxDelayMS = 120_000

// choice is a field with a closed list of values, the default first.
type choice struct {
	name  string
	field *string
	known []string
}

func (p *Personality) choices() []choice {
	return []choice{
		{"match", &p.Match, []string{"strict", "ignore_type", "ignore_warehouse", "code_only"}},
		{"repeat_cancel", &p.RepeatCancel, []string{"failure", "success", "noop"}},
		{"working", &p.Working, []string{"refuse", "intercept"}},
		{"approved", &p.Approved, []string{"cancel", "promise"}},
		{"front", &p.Front, slices.Concat([]string{FrontNone}, frontKinds)},
		{"front_format", &p.FrontFormat, []string{"xml", "json"}},
		{"intercept_flag", &p.InterceptFlag, []string{"failure", "success"}},
		{"intercept_ends", &p.InterceptEnds, []string{"by_hand", "cancelled", "refused", "either"}},
		{"unknown_order", &p.UnknownOrder, []string{"failure", "success"}},
		{"mismatch", &p.Mismatch, []string{"named", "not_found"}},
		{"text_element", &p.TextElement, []string{"message", "msg", "both", "absent"}},
		{"declaration", &p.Declaration, []string{"lower", "upper", "absent"}},
		{"line_ends", &p.LineEnds, []string{"crlf", "none"}},
	}
}

// WithDefaults puts its first value into each empty field.
func (p Personality) WithDefaults() Personality {
	for _, c := range p.choices() {
		*c.field = cmp.Or(*c.field, c.known[0])
	}
	p.PromiseText = cmp.Or(p.PromiseText, "已通知仓库处理")
	p.SuccessCode = cmp.Or(p.SuccessCode, "0")
	p.FailureCode = cmp.Or(p.FailureCode, "1")
	p.ClockToleranceSeconds = cmp.Or(p.ClockToleranceSeconds, 600)
	return p
}

// Validate reports all that makes no sense.
func (p Personality) Validate() error {
	var problems []error
	for _, c := range p.choices() {
		if !slices.Contains(c.known, *c.field) {
			problems = append(problems, fmt.Errorf("%s: %q is none of %v", c.name, *c.field, c.known))
		}
	}
	if p.LatencyMS < 0 || p.LatencyMS > maxDelayMS {
		problems = append(problems, fmt.Errorf("latency_ms: %d is not within 0 and %d", p.LatencyMS, maxDelayMS))
	}
	if p.InterceptMS < 0 || p.RatePerMinute < 0 || p.ClockToleranceSeconds < -1 || p.FrontSeconds < 0 {
		problems = append(problems,
			errors.New("intercept_ms, rate_per_minute, clock_tolerance_seconds, front_seconds: negative"))
	}
	if p.RecreateCancelled && p.RenumberCancelled {
		problems = append(problems, errors.New("recreate_cancelled and renumber_cancelled exclude each other"))
	}
	total := 0.0
	for kind, share := range p.Chaos {
		total += share
		if !slices.Contains(FaultKinds(), kind) || share < 0 {
			problems = append(problems, fmt.Errorf("chaos: %q is not a fault, or its share is negative", kind))
		}
	}
	if total > 1 {
		problems = append(problems, fmt.Errorf("chaos: shares add up to %g", total))
	}
	return errors.Join(problems...)
}

func (p *Personality) clone() Personality {
	c := *p
	c.Chaos = maps.Clone(p.Chaos)
	return c
}

// Clock is the vendor's clock at that moment.
func (p *Personality) Clock(now time.Time) time.Time {
	return now.Add(time.Duration(p.ClockOffsetSeconds) * time.Second)
}

// ClockTolerance is how far a request's timestamp may be off; below zero, any distance.
func (p *Personality) ClockTolerance() time.Duration {
	return time.Duration(p.ClockToleranceSeconds) * time.Second
}
