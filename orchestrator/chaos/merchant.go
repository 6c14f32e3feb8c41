package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// applyReason begins the reason of each scheme that a person applies.
const applyReason = "混沌"

// hid is a hiding that took place.
type hid struct {
	hiding
	span
}

// administrators apply schemes as the plan says, while everything runs. The file of one orchestrator after the other is
// left as an earlier one was, so that both begin with files that differ from what the ledger has and from one another.
func (s *storm) administrators(ctx context.Context) {
	old := s.plan.document()
	for i, c := range s.plan.changes {
		s.until(c.At)
		if !s.goesOn() {
			return
		}
		document, kind := s.plan.document(), returned
		if c.Without != "" {
			document, kind = s.plan.document(c.Without), dropped
		}
		if err := s.operator.apply(s.over, document, fmt.Sprintf("%s %d", applyReason, i+1)); err != nil {
			if s.over.Err() == nil {
				s.fail(err)
			}
			return
		}
		s.count(func() { s.stories[kind]++ })
		s.fail(s.members[[]string{first, second}[i%2]].keepFile(old))
		old = document
		if ctx.Err() != nil {
			return
		}
	}
}

// permissions are lost and given back as the plan says.
func (s *storm) permissions(ctx context.Context) {
	for _, h := range s.plan.hidings {
		s.until(h.At)
		if !s.goesOn() {
			return
		}
		one := hid{hiding: h}
		s.hidden.Store(true)
		one.from = time.Now()
		s.fail(s.control.hide(ctx, h, true))
		wait(ctx, h.For)
		s.fail(s.control.hide(context.WithoutCancel(ctx), h, false))
		one.to = time.Now()
		s.hidden.Store(false)
		s.count(func() {
			s.hid = append(s.hid, one)
			s.stories[h.story()]++
		})
	}
}

// apply makes a scheme the newest revision, again and again until one of the orchestrators did.
func (o *operator) apply(ctx context.Context, document []byte, reason string) error {
	file := filepath.Join(o.town.dir, "apply.yaml")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		return err
	}
	line := fmt.Sprintf(`voidrelay scheme apply %s --reason "%s" --yes`, file, reason)
	var wrong error
	err := o.until(ctx, "scheme apply", func(ctx context.Context) bool {
		status, said := o.shell(ctx, line)
		if status == wrongUsage || status == noProgram {
			wrong = fmt.Errorf("%s: status %d: %s", line, status, said)
		}
		if status != 0 {
			o.note("%s: status %d: %s", line, status, strings.TrimSpace(said))
		}
		return status == 0 || wrong != nil
	})
	if wrong != nil {
		return wrong
	}
	if err == nil {
		o.town.applied.Store(&document)
	}
	return err
}

// keepFile is what the orchestrator's file says from now on. It is never half written.
func (m *member) keepFile(document []byte) error {
	file := m.settings["SCHEMES_FILE"]
	if err := os.WriteFile(file+".new", document, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// differs says whether the orchestrator's file is not what was applied last.
func (m *member) differs(applied []byte) bool {
	document, err := os.ReadFile(m.settings["SCHEMES_FILE"])
	return err == nil && !bytes.Equal(document, applied)
}

// lastScheme applies all of the scheme and gives each orchestrator this file.
func (t *town) lastScheme(ctx context.Context, p plan, o *operator) error {
	if len(p.changes) == 0 {
		return nil
	}
	for _, m := range t.members {
		if err := m.alive(ctx); err != nil {
			return err
		}
	}
	if err := o.apply(ctx, p.document(), applyReason+" at last"); err != nil {
		return err
	}
	for _, name := range []string{first, second} {
		if err := t.members[name].keepFile(p.document()); err != nil {
			return err
		}
	}
	return nil
}

// leaves says whether a condition is not his to end now: what he stopped himself, whatever he would let go on with it,
// and a permission that was not given back yet.
func (o *operator) leaves(kind rule.ConditionKind) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	stops := len(o.stops) > 0 && o.stops[len(o.stops)-1].to.IsZero()
	return stops || kind == rule.ConditionPaused || kind == rule.ConditionStopAll ||
		kind == rule.ConditionPermissionSuspect && o.town.hidden.Load()
}

// note writes a line into the operator's log.
func (o *operator) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.log != nil {
		fmt.Fprintf(o.log, "%s "+format+"\n", append([]any{clock(time.Now())}, args...)...)
	}
}
