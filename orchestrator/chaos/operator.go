package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// operator is a person at a shell who types what open work items and conditions print, as they print it, after a look
// into both vendors.
type operator struct {
	town *town
	// folder has the program voidrelay.
	folder string
	// round is held through each look at the work, so that whoever holds it knows that nobody types.
	round sync.Mutex
	// log is where he writes what he typed, and what was said; nil: nowhere.
	log *os.File
	// ended: nobody types any more.
	ended bool
	n     int

	mu       sync.Mutex
	acts     []act
	stops    []span
	problems []error
	// phoned is how often the warehouse was asked to cancel an order by hand.
	phoned int
	// settles is how each item about a refused order is settled, by number: by turns.
	settles map[int64]string
}

// act is something that was typed.
type act struct {
	verb string
	// kind of the work item or condition that printed it, and the cancellation that it is about.
	kind         string
	cancellation int64
	from, to     time.Time
	// status is what the program ended with. An act that failed may have been done all the same: the orchestrator that
	// did it may be dead.
	status int
}

// printed is a work item or a condition as the program prints it in JSON.
type printed struct {
	Kind           string `json:"kind"`
	Action         string `json:"action"`
	WorkItemID     int64  `json:"workItemId,string"`
	BillNo         string `json:"billNo"`
	CancellationID int64  `json:"cancellationId,string"`
	ByPerson       bool   `json:"byPerson"`
}

const (
	roundEvery = time.Second
	typeWithin = 40 * time.Second
	// wrongUsage is what voidrelay ends with when a command line makes no sense to it, noProgram what a shell does.
	wrongUsage = 2
	noProgram  = 127
)

// build makes the program, unless it is given.
func (o *operator) build(ctx context.Context, program string) error {
	if program != "" {
		file, err := filepath.Abs(program)
		o.folder = filepath.Dir(file)
		return err
	}
	o.folder = o.town.dir
	said, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(o.folder, "voidrelay"),
		"github.com/voidrelay/voidrelay/orchestrator/cmd/voidrelay").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build voidrelay: %w: %s", err, said)
	}
	return nil
}

// work looks at the work until ctx ends.
func (o *operator) work(ctx context.Context) {
	for ; ctx.Err() == nil; wait(ctx, roundEvery) {
		o.round.Lock()
		if o.ended {
			o.round.Unlock()
			return
		}
		if err := o.goThrough(ctx); err != nil && ctx.Err() == nil {
			o.mu.Lock()
			o.problems = append(o.problems, err)
			o.mu.Unlock()
		}
		o.round.Unlock()
	}
}

// goThrough goes once through all that is open. That an orchestrator does not answer is no error: it may be dead.
func (o *operator) goThrough(ctx context.Context) error {
	conditions, ok := o.list(ctx, "conditions")
	for _, c := range conditions {
		if c.ByPerson && !o.leaves(rule.ConditionKind(c.Kind)) {
			if _, err := o.types(ctx, c, ""); err != nil {
				return err
			}
		}
	}
	items, also := o.list(ctx, "work")
	if !ok || !also || len(items) == 0 {
		return nil
	}
	facts, err := o.facts(ctx)
	if err != nil {
		return nil //nolint:nilerr // the ledger is away for the plan's reasons
	}
	for _, item := range items {
		verb := facts.decide(item)
		if o.often(item) {
			continue // it comes again and again: somebody else's turn
		}
		if item.Kind == string(rule.WorkRejected) && o.byHand(item) && !facts.cancelled(item) {
			// The warehouse is phoned, and cancels the order by hand.
			err := o.town.control.cancelByHand(ctx, facts.cancellations[item.CancellationID].key())
			if errors.Is(err, errForbidden) {
				continue
			}
			if err != nil {
				return err
			}
			o.phoned++
			verb = "done"
		}
		if verb == "" {
			continue
		}
		if _, err := o.types(ctx, item, verb); err != nil {
			return err
		}
	}
	return nil
}

// byHand says, by turns, whether the order of a refused cancel is cancelled by hand; else it is asked for again.
func (o *operator) byHand(item printed) bool {
	if o.settles == nil {
		o.settles = map[int64]string{}
	}
	if o.settles[item.WorkItemID] == "" {
		o.settles[item.WorkItemID] = []string{"retry", "done"}[len(o.settles)%2]
	}
	return o.settles[item.WorkItemID] == "done"
}

// actsAnItem is how often the operator acts on one cancellation.
const actsAnItem = 4

func (o *operator) often(item printed) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, a := range o.acts {
		if a.kind == item.Kind && a.cancellation == item.CancellationID && a.cancellation != 0 && a.status == 0 {
			n++
		}
	}
	return n >= actsAnItem
}

// list asks the program for what is open; ok is false if nobody answered.
func (o *operator) list(ctx context.Context, what string) (all []printed, ok bool) {
	status, said := o.shell(ctx, "voidrelay "+what+" --json")
	if status != 0 {
		return nil, false
	}
	var answer struct {
		WorkItems  []printed `json:"workItems"`
		Conditions []printed `json:"conditions"`
	}
	if err := json.Unmarshal([]byte(said), &answer); err != nil {
		return nil, false
	}
	return append(answer.WorkItems, answer.Conditions...), true
}

// types what a work item or condition prints: the command, as it stands there, or with another verb in its place.
func (o *operator) types(ctx context.Context, p printed, verb string) (done bool, err error) {
	_, command, found := strings.Cut(p.Action, "voidrelay ")
	if !found {
		return false, fmt.Errorf("%s prints no command: %s", p.Kind, p.Action)
	}
	own, rest, _ := strings.Cut(command, " ")
	if verb != "" && verb != own {
		if verb != "done" {
			return false, fmt.Errorf("%s prints %s where %s is called for: %s", p.Kind, own, verb, p.Action)
		}
		command, own = verb+" "+rest, verb
	}
	a := act{verb: own, kind: p.Kind, cancellation: p.CancellationID, from: time.Now()}
	var said string
	a.status, said = o.shell(ctx, "voidrelay "+command)
	a.to = time.Now()
	o.mu.Lock()
	o.acts = append(o.acts, a)
	if o.log != nil {
		fmt.Fprintf(o.log, "%s %s, item of %s: voidrelay %s: status %d: %s\n", clock(a.from), p.Kind, p.BillNo, command,
			a.status, strings.TrimSpace(said))
	}
	o.mu.Unlock()
	if a.status == wrongUsage || a.status == noProgram {
		return false, fmt.Errorf("typed as %s prints it: voidrelay %s: status %d: %s", p.Kind, command, a.status, said)
	}
	return a.status == 0, nil
}

// shell types a line at one of the orchestrators, in turn.
func (o *operator) shell(ctx context.Context, line string) (status int, said string) {
	ctx, cancel := context.WithTimeout(ctx, typeWithin)
	defer cancel()
	o.mu.Lock()
	o.n++
	at := o.town.members[[]string{first, second}[o.n%2]].grpc()
	o.mu.Unlock()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Env = []string{
		"PATH=" + o.folder + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + o.town.dir,
		"ORCHESTRATOR_TARGET=" + at,
	}
	text, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, string(text)
	case errors.As(err, &ended):
		return ended.ExitCode(), string(text)
	}
	return -1, err.Error()
}

// stop pauses the scheme, or stops everything.
func (o *operator) stop(ctx context.Context, kind playKind) error {
	line := `voidrelay pause "` + schemeName + `" --reason "盘点"`
	if kind == stopped {
		line = `voidrelay stop-all --reason "盘点"`
	}
	return o.until(ctx, line, func(ctx context.Context) bool {
		// What he types elsewhere may let go on what this stops.
		o.round.Lock()
		defer o.round.Unlock()
		status, _ := o.shell(ctx, line)
		if status == 0 {
			o.mu.Lock()
			o.stops = append(o.stops, span{from: time.Now()})
			o.mu.Unlock()
		}
		return status == 0
	})
}

// resume types what the condition prints, until it is over.
func (o *operator) resume(ctx context.Context, kind rule.ConditionKind) error {
	o.mu.Lock()
	if last := len(o.stops) - 1; last >= 0 && o.stops[last].to.IsZero() {
		o.stops[last].to = time.Now()
	}
	o.mu.Unlock()
	var wrong error
	return errors.Join(o.until(ctx, string(kind)+" to end", func(ctx context.Context) bool {
		conditions, ok := o.list(ctx, "conditions")
		is := func(c printed) bool { return c.Kind == string(kind) }
		i := slices.IndexFunc(conditions, is)
		if !ok || i < 0 {
			return ok
		}
		_, wrong = o.types(ctx, conditions[i], "")
		return wrong != nil
	}), wrong)
}

// until tries again until it is done; orchestrators may be dead.
func (o *operator) until(ctx context.Context, what string, done func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, turnWithin)
	defer cancel()
	for !done(ctx) {
		wait(ctx, againTime)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
	}
	return nil
}

// typed counts the acts by verb, and those that ended with another status than 0.
func (o *operator) typed() (counts map[string]int, failed int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	counts = map[string]int{}
	for _, a := range o.acts {
		if a.status != 0 {
			failed++
			continue
		}
		counts[a.verb]++
	}
	return counts, failed
}

// count is how many acts were typed.
func (o *operator) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.acts)
}

// end lets nobody type any more, if there were no more acts than these so far; -1 for whatever there was.
func (o *operator) end(acts int) bool {
	o.round.Lock()
	if acts >= 0 && o.count() != acts {
		o.round.Unlock()
		return false
	}
	o.ended = true
	o.round.Unlock()
	return true
}

// facts is what the operator sees of a ledger and of both vendors.
type facts struct {
	*evidence
	cancellations map[int64]cancellation
	// held are the bills whose cancellations are held because many were deleted.
	held []int64
}

func (o *operator) facts(ctx context.Context) (facts, error) {
	f := facts{evidence: newEvidence(nil), cancellations: map[int64]cancellation{}}
	if err := f.truths(ctx, o.town); err != nil {
		return f, err
	}
	all, err := readCancellations(ctx, o.town)
	for _, c := range all {
		f.cancellations[c.ID] = c
		if c.State == "held" && c.Hold == string(rule.HoldManyGone) {
			f.held = append(f.held, c.Bill)
		}
	}
	return f, err
}

// decide is what a careful person does about a work item: empty for nothing now.
func (f facts) decide(item printed) string {
	if item.WorkItemID%4 == 0 && item.BillNo != "" && !strings.HasPrefix(item.BillNo, stagedPrefix) {
		return "" // some wait for long; what is about many bills is the only one of its kind
	}
	c, known := f.cancellations[item.CancellationID]
	switch rule.WorkKind(item.Kind) {
	case rule.WorkTooLate:
		if o := f.orders[c.key()].Order; known && o != nil && o.State == warehouse.StateDone {
			return "ignore"
		}
	case rule.WorkRejected, rule.WorkOutcomeUnknown, rule.WorkInProgress:
		if f.cancelled(item) {
			return "done"
		}
		return "retry"
	case rule.WorkOldOrder:
		if f.cancelled(item) {
			return "done"
		}
	case rule.WorkUnread:
		if !f.deleted(c.Bill) {
			return "retry"
		}
	case rule.WorkManyGone:
		if len(f.held) > 0 && !slices.ContainsFunc(f.held, func(id int64) bool { return !f.deleted(id) }) {
			return "release"
		}
	}
	return ""
}

// cancelled says whether the order of a work item is cancelled in the WMS.
func (f facts) cancelled(item printed) bool {
	o := f.orders[f.cancellations[item.CancellationID].key()].Order
	return o != nil && o.State == warehouse.StateCancelled
}
