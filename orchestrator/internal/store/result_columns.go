package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// columns is a group of results turned on its side, as unnest wants it.
type columns struct {
	ids                                                         []int64
	attempts, statuses, sameCounts, answerChanges               []int
	dispositions, flags, codes, messages, details, dictionaries []string
	states, outcomes, same                                      []string
	recognised, inferred, landed, lost, verify                  []bool
	waits, unsentFor                                            []time.Duration
	sendTimes, replyTimes, sameSince, unsentSince               []*time.Time
	requests, replies                                           [][]byte
}

func columnsOf(results []ledger.Result) columns {
	var c columns
	for _, r := range results {
		c.ids = append(c.ids, r.ID)
		c.attempts = append(c.attempts, r.Attempt)
		c.statuses = append(c.statuses, r.HTTPStatus)
		c.sameCounts = append(c.sameCounts, r.SameCount)
		c.answerChanges = append(c.answerChanges, r.AnswerChanges)
		c.dispositions = append(c.dispositions, string(r.Answer.Disposition))
		c.flags = append(c.flags, clean(r.VendorFlag))
		c.codes = append(c.codes, clean(r.VendorCode))
		c.messages = append(c.messages, clean(r.VendorMessage))
		c.details = append(c.details, clean(r.Detail))
		c.dictionaries = append(c.dictionaries, clean(r.Dictionary))
		c.states = append(c.states, string(r.Next.State))
		c.outcomes = append(c.outcomes, r.Next.Outcome)
		c.same = append(c.same, string(r.SameDisposition))
		c.recognised = append(c.recognised, r.Answer.Recognised)
		c.inferred = append(c.inferred, r.Next.Inferred)
		c.verify = append(c.verify, r.Next.Verify)
		c.landed = append(c.landed, r.Answer.Disposition.MayHaveLanded())
		c.lost = append(c.lost, r.Answer.Lost)
		c.waits = append(c.waits, r.Next.Wait)
		c.sendTimes = append(c.sendTimes, nullable(r.SendTime))
		c.replyTimes = append(c.replyTimes, nullable(r.ReplyTime))
		c.sameSince = append(c.sameSince, nullable(r.SameSince))
		c.unsentSince = append(c.unsentSince, nullable(r.UnsentSince))
		c.unsentFor = append(c.unsentFor, r.UnsentFor)
		c.requests = append(c.requests, nonNil(r.Request))
		c.replies = append(c.replies, nonNil(r.Reply))
	}
	return c
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (c columns) args() pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"ids": c.ids, "attempts": c.attempts, "dispositions": c.dispositions, "recognised": c.recognised, "statuses": c.statuses,
		"flags": c.flags, "codes": c.codes, "messages": c.messages, "details": c.details, "dictionaries": c.dictionaries,
		"send_times": c.sendTimes, "reply_times": c.replyTimes, "requests": c.requests, "replies": c.replies,
		"states": c.states, "outcomes": c.outcomes, "inferred": c.inferred, "waits": c.waits, "same": c.same,
		"same_counts": c.sameCounts, "same_since": c.sameSince, "changes": c.answerChanges, "unsent_since": c.unsentSince,
		"unsent_for": c.unsentFor, "landed": c.landed, "lost": c.lost, "verify": c.verify,
	}
}
