// Package dictionary is what is known about the words of a WMS's answers: codes and text patterns, as data, with the
// disposition each stands for.
//
// It promises that a dictionary which loads is consistent, and that the same answer always gets the same disposition from
// the same version. It knows nothing of HTTP and decides nothing about answers that never came.
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

// maxText is how much of a text is looked at, in bytes. Answers are a sentence; a longer one shall not cost more to sort
// than to ask for.
const maxText = 4 << 10

// Answer is what the dictionary looks at.
type Answer struct {
	// Success says that the vendor's flag was exactly "success".
	Success bool
	// Codes and Texts are the vendor's, most specific first; empty ones are ignored.
	Codes []string
	Texts []string
}

// Meaning is what an answer came to.
type Meaning struct {
	Disposition Disposition
	// Recognised is false for a failure that no entry knows, and for entries that say so.
	Recognised bool
	// RetryAfter is how long to leave the account alone; zero unless Throttled.
	RetryAfter time.Duration
	// Entry is the name of the deciding entry; empty when none did.
	Entry string
}

type entry struct {
	name               string
	onSuccess, onFault bool
	codes              []string
	texts              []string
	patterns           []*regexp.Regexp
	meaning            Meaning
}

// Dictionary is immutable and safe for concurrent use.
type Dictionary struct {
	version string
	// success and failure hold the entries for each flag, in order.
	success, failure []entry
}

// Version names the default and, when there is one, the file that extends it.
func (d *Dictionary) Version() string { return d.version }

// Classify answers the meaning of an answer: flag first, then the first entry that knows it.
func (d *Dictionary) Classify(a Answer) Meaning {
	entries := d.failure
	if a.Success {
		entries = d.success
	}
	var folded [4]string
	texts := folded[:0]
	for _, text := range a.Texts {
		if text != "" {
			texts = append(texts, fold(text[:min(len(text), maxText)]))
		}
	}
	for i := range entries {
		if entries[i].knows(a.Codes, texts) {
			return entries[i].meaning
		}
	}
	if a.Success {
		return Meaning{Disposition: Cancelled, Recognised: true}
	}
	return Meaning{Disposition: Rejected}
}

func (e *entry) knows(codes, texts []string) bool {
	for _, code := range codes {
		if code != "" && slices.ContainsFunc(e.codes, func(known string) bool { return strings.EqualFold(known, code) }) {
			return true
		}
	}
	for _, text := range texts {
		for _, known := range e.texts {
			if strings.Contains(text, known) {
				return true
			}
		}
		for _, pattern := range e.patterns {
			if pattern.MatchString(text) {
				return true
			}
		}
	}
	return false
}
