// Package dictionary is what is known about the words of a WMS's answers: codes and text patterns, as data, with the
// disposition each stands for.
//
// It promises that a dictionary which loads is consistent, and that the same answer always gets the same disposition
// from the same version. It knows nothing of HTTP and decides nothing about answers that never came.
package dictionary

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Disposition is what an attempt came to; the closed list of the contract.
type Disposition string

// The dispositions. NotSent and Unknown never come from a dictionary.
const (
	Cancelled        Disposition = "cancelled"
	AlreadyCancelled Disposition = "already_cancelled"
	InProgress       Disposition = "in_progress"
	TooLate          Disposition = "too_late"
	NotFound         Disposition = "not_found"
	Rejected         Disposition = "rejected"
	Auth             Disposition = "auth"
	Throttled        Disposition = "throttled"
	NotSent          Disposition = "not_sent"
	Unknown          Disposition = "unknown"
)

// maxText is how much of a text is looked at, in bytes. Answers are a sentence; a longer one shall not cost more to
// sort than to ask for.
const maxText = 4 << 10

// Fault says what an account is refused for.
type Fault string

// The faults of an account: what it shows of itself, or the time that its requests carry.
const (
	NoFault     Fault = ""
	Credentials Fault = "credentials"
	Clock       Fault = "clock"
)

// Answer is what the dictionary looks at.
type Answer struct {
	// Success says that the vendor's flag was exactly "success"; Platform, that the platform in front of the WMS
	// answered in its stead.
	Success, Platform bool
	// Codes and Texts are the vendor's, most specific first; empty ones are ignored.
	Codes []string
	Texts []string
	// Order is what was asked for.
	Order Order
}

// Meaning is what an answer came to.
type Meaning struct {
	Disposition Disposition
	// Recognised is false for an answer that no entry knows, and for entries that say so.
	Recognised bool
	// Provisional is true of a success whose words nobody knows: InProgress until a known answer comes.
	Provisional bool
	// RetryAfter is how long to leave the account alone; zero where not Throttled, and where the entry does not say.
	RetryAfter time.Duration
	// Fault is what an account is refused for; empty unless Auth.
	Fault Fault
	// Entry is the name of the deciding entry; empty when none did.
	Entry string
	// Text is the answer's texts in the form in which they are compared: what says the same about different
	// orders is equal.
	Text string
}

type entry struct {
	name string
	// onSuccess, onFault and onPlatform say for which answers it is.
	onSuccess, onFault, onPlatform bool
	// own is true of an entry that the operator's file adds.
	own      bool
	codes    []string
	texts    []string
	whole    []string
	patterns []*regexp.Regexp
	sentence Sentence
	meaning  Meaning
}

// Dictionary is immutable and safe for concurrent use.
type Dictionary struct {
	version string
	// success, failure and platform hold the entries for each kind of answer, in order.
	success, failure, platform []entry
	// common are the meanings of the answers that nearly all are.
	common map[commonAnswer]Meaning
}

// Version names the default and, when there is one, the file that extends it.
func (d *Dictionary) Version() string { return d.version }

// Classify answers the meaning of an answer: its kind first, then the first entry that knows it. The operator's own
// entries are asked first; of the embedded ones a code counts before any text.
func (d *Dictionary) Classify(a Answer) Meaning {
	if meaning, ok := d.shortWay(a); ok {
		return meaning
	}
	var room [2]said
	texts := room[:0]
	for _, text := range a.Texts {
		if text != "" {
			texts = append(texts, read(text, a.Order))
		}
	}
	meaning := d.decide(a, texts)
	meaning.Text = compared(texts)
	return meaning
}

func (d *Dictionary) decide(a Answer, texts []said) Meaning {
	entries := d.entries(a)
	for i := range entries {
		if e := &entries[i]; e.own && (e.knowsCode(a.Codes) || e.knowsText(texts, a.Order.Type)) {
			return e.meaning
		}
	}
	for i := range entries {
		if e := &entries[i]; !e.own && e.knowsCode(a.Codes) {
			return e.meaning
		}
	}
	for i := range entries {
		if e := &entries[i]; !e.own && e.knowsText(texts, a.Order.Type) {
			return e.meaning
		}
	}
	return a.unknown(len(texts) == 0)
}

func (d *Dictionary) entries(a Answer) []entry {
	switch {
	case a.Platform:
		return d.platform
	case a.Success:
		return d.success
	}
	return d.failure
}

// unknown is the meaning of an answer that no entry knows: the careful one. A success without words is one; with words
// that nobody knows it may be no more than a promise. What the platform in front did with the request is not known.
func (a Answer) unknown(wordless bool) Meaning {
	switch {
	case a.Platform:
		return Meaning{Disposition: Unknown}
	case a.Success && wordless:
		return Meaning{Disposition: Cancelled, Recognised: true}
	case a.Success:
		return Meaning{Disposition: InProgress, Provisional: true}
	}
	return Meaning{Disposition: Rejected}
}

// knowsCode compares codes without case; a known one that ends with * stands for all that begin like it.
func (e *entry) knowsCode(codes []string) bool {
	for _, code := range codes {
		if code != "" && slices.ContainsFunc(e.codes, func(known string) bool { return sameCode(known, code) }) {
			return true
		}
	}
	return false
}

func sameCode(known, code string) bool {
	if beginning, open := strings.CutSuffix(known, "*"); open {
		return len(code) >= len(beginning) && strings.EqualFold(beginning, code[:len(beginning)])
	}
	return strings.EqualFold(known, strings.TrimSpace(code))
}

func (e *entry) knowsText(texts []said, orderType string) bool {
	if e.sentence != "" && e.sentence.says(texts, orderType) {
		return true
	}
	for _, text := range texts {
		if len(e.whole) > 0 && slices.Contains(e.whole, wholeText(text.shown)) {
			return true
		}
		for _, known := range e.texts {
			if strings.Contains(text.shown, known) {
				return true
			}
		}
		for _, pattern := range e.patterns {
			if pattern.MatchString(text.shown) {
				return true
			}
		}
	}
	return false
}

// wholeText is a folded text without the vendor's prefix and what may end a sentence.
func wholeText(shown string) string {
	return strings.Trim(prefix.ReplaceAllString(shown, ""), ",.;:!")
}
