package behaviour

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// FaultKind names one way of being difficult. The full list is in FaultKinds and, explained, in README.md.
type FaultKind string

// The faults that tests name most; FaultKinds has the odd answers, too.
const (
	FaultCommitThenDrop       FaultKind = "commit_then_drop"        // cancels, then closes without an answer
	FaultDropBeforeCommit     FaultKind = "drop_before_commit"      // closes without having done anything
	FaultCommitThenCut        FaultKind = "commit_then_cut"         // cancels, closes in the middle of the answer
	FaultBadGateway           FaultKind = "bad_gateway"             // 502 with HTML, nothing done
	FaultCommitThenBadGateway FaultKind = "commit_then_bad_gateway" // 502 with HTML, but cancelled
	// waits, then does it, even if nobody listens any more
	FaultSlow      FaultKind = "slow"
	FaultSlowReply FaultKind = "slow_reply" // does it at once, answers late
	FaultThrottle  FaultKind = "throttle"   // 超过每分钟最大调用频率限制, nothing done
)

// Fault is played on the next requests that are admitted and readable, one fault a request, first come first served.
type Fault struct {
	Kind      FaultKind `json:"kind"`
	OrderCode string    `json:"order_code,omitempty"` // only for this number; empty: for any
	Times     int       `json:"times"`                // how many requests; 0 on adding: 1
	// waited as well, at most 120000; slow and slow_reply default to 1000
	DelayMS int  `json:"delay_ms,omitempty"`
	Reset   bool `json:"reset,omitempty"` // connections close with RST instead of FIN
}

// ErrInvalid is a fault, a personality, an order or a filter that makes no sense.
var ErrInvalid = errors.New("invalid")

var allFaults = []FaultKind{
	FaultBadGateway, "bare", "broken_xml", "byte_order_mark", "code_0000", "code_200", FaultCommitThenBadGateway,
	FaultCommitThenCut, FaultCommitThenDrop, "db_error", "declared_gbk", "doctype", FaultDropBeforeCommit, "empty_body",
	"empty_code", "empty_message", "extra_elements", "flag_error", "gzip", "json", "msg_element", "no_code",
	"no_declaration", "no_flag", "no_message", "noop", "not_deployed", "not_xml", "oversize", "race",
	"redirect", FaultSlow,
	FaultSlowReply, "sub_code", "text_plain", FaultThrottle, "undeclared_gbk", "upper_charset",
}

// FaultKinds lists every fault, sorted.
func FaultKinds() []FaultKind { return allFaults }

// faults is the queue of what is still to be played.
type faults struct {
	pending atomic.Int64 // entries in the queue, so that the usual request takes no lock
	mu      sync.Mutex
	queue   []Fault
	random  *rand.Rand
}

func newFaults() *faults { return &faults{random: rand.New(rand.NewPCG(1, 2))} } //nolint:gosec // repeatable on purpose

func (f Fault) withDefaults() (Fault, error) {
	if !slices.Contains(FaultKinds(), f.Kind) {
		return f, fmt.Errorf("%w: fault kind %q is none of %v", ErrInvalid, f.Kind, FaultKinds())
	}
	if f.Times < 0 || f.DelayMS < 0 || f.DelayMS > maxDelayMS {
		return f, fmt.Errorf("%w: times %d or delay_ms %d is out of bounds", ErrInvalid, f.Times, f.DelayMS)
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if f.DelayMS == 0 && (f.Kind == FaultSlow || f.Kind == FaultSlowReply) {
		f.DelayMS = 1000
	}
	return f, nil
}

// add appends all faults or none.
func (q *faults) add(all ...Fault) error {
	var problems []error
	ready := make([]Fault, len(all))
	for i, f := range all {
		var err error
		ready[i], err = f.withDefaults()
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, ready...)
	q.pending.Store(int64(len(q.queue)))
	return nil
}

func (q *faults) list() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.queue)
}

func (q *faults) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = nil
	q.pending.Store(0)
}

// take returns the fault for a request, if any: a queued one first, else one that chance picks from the personality.
func (q *faults) take(orderCode string, chaos map[FaultKind]float64) Fault {
	if q.pending.Load() == 0 && len(chaos) == 0 {
		return Fault{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, f := range q.queue {
		if f.OrderCode != "" && f.OrderCode != orderCode {
			continue
		}
		if q.queue[i].Times--; q.queue[i].Times == 0 {
			q.queue = slices.Delete(q.queue, i, i+1)
			q.pending.Store(int64(len(q.queue)))
		}
		return f
	}
	return q.chance(chaos)
}

func (q *faults) chance(chaos map[FaultKind]float64) Fault {
	if len(chaos) == 0 {
		return Fault{}
	}
	at := q.random.Float64()
	for _, kind := range FaultKinds() {
		if at -= chaos[kind]; at < 0 {
			f, _ := Fault{Kind: kind}.withDefaults() // the kind is in the list, so this cannot fail
			return f
		}
	}
	return Fault{}
}
