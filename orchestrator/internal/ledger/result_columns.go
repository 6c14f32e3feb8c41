package ledger

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// ResultColumns is a group of results turned on its side, as unnest wants it.
type ResultColumns struct {
	IDs                                                         []int64
	Attempts, statuses, sameCounts, answerChanges               []int
	dispositions, flags, codes, messages, details, dictionaries []string
	states, outcomes, same                                      []string
	recognised, inferred, landed, lost, verify                  []bool
	waits, unsentFor                                            []time.Duration
	sendTimes, replyTimes, sameSince, unsentSince               []*time.Time
	requests, replies                                           [][]byte
}

// ColumnsOf turns a group of results on its side.
func ColumnsOf(results []Result) ResultColumns {
	var c ResultColumns
	for _, r := range results {
		c.IDs = append(c.IDs, r.ID)
		c.Attempts = append(c.Attempts, r.Attempt)
		c.statuses = append(c.statuses, r.HTTPStatus)
		c.sameCounts = append(c.sameCounts, r.SameCount)
		c.answerChanges = append(c.answerChanges, r.AnswerChanges)
		c.dispositions = append(c.dispositions, string(r.Answer.Disposition))
		c.flags = append(c.flags, CleanText(r.VendorFlag))
		c.codes = append(c.codes, CleanText(r.VendorCode))
		c.messages = append(c.messages, CleanText(r.VendorMessage))
		c.details = append(c.details, CleanText(r.Detail))
		c.dictionaries = append(c.dictionaries, CleanText(r.Dictionary))
		c.states = append(c.states, string(r.Next.State))
		c.outcomes = append(c.outcomes, r.Next.Outcome)
		c.same = append(c.same, string(r.SameDisposition))
		c.recognised = append(c.recognised, r.Answer.Recognised)
		c.inferred = append(c.inferred, r.Next.Inferred)
		c.verify = append(c.verify, r.Next.Verify)
		c.landed = append(c.landed, r.Answer.Disposition.MayHaveLanded())
		c.lost = append(c.lost, r.Answer.Lost)
		c.waits = append(c.waits, r.Next.Wait)
		c.sendTimes = append(c.sendTimes, NullTime(r.SendTime))
		c.replyTimes = append(c.replyTimes, NullTime(r.ReplyTime))
		c.sameSince = append(c.sameSince, NullTime(r.SameSince))
		c.unsentSince = append(c.unsentSince, NullTime(r.UnsentSince))
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

func (c ResultColumns) args() pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"ids": c.IDs, "attempts": c.Attempts, "dispositions": c.dispositions,
		"recognised": c.recognised, "statuses": c.statuses,
		"flags": c.flags, "codes": c.codes, "messages": c.messages,
		"details": c.details, "dictionaries": c.dictionaries,
		"send_times": c.sendTimes, "reply_times": c.replyTimes, "requests": c.requests, "replies": c.replies,
		"states": c.states, "outcomes": c.outcomes, "inferred": c.inferred, "waits": c.waits, "same": c.same,
		"same_counts": c.sameCounts, "same_since": c.sameSince,
		"changes": c.answerChanges, "unsent_since": c.unsentSince,
		"unsent_for": c.unsentFor, "landed": c.landed, "lost": c.lost, "verify": c.verify,
	}
}
