package scheme

import (
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Dwell: how long an un-audited bill is left alone before its orders are cancelled. Most are audited again within a
// minute.
const (
	dwellAbsent = 120 * time.Second
	dwellLeast  = time.Second
	dwellMost   = 24 * time.Hour
)

// decodeTriggers reads what the scheme acts on, and on which terms.
func (o object) decodeTriggers(s *Scheme) {
	s.terms = map[rule.Trigger]rule.Terms{}
	switch s.NumberReuse = rule.NumberReuse(o.text("number_reuse", false)); s.NumberReuse {
	case rule.NumberUnsaid, rule.NumberSame, rule.NumberNew:
	default:
		o.fault("number_reuse", "`%s` is none of same, new", s.NumberReuse)
	}
	if o.has("triggers") {
		o.listTriggers(s)
	} else {
		s.Triggers = []rule.Trigger{rule.TriggerVoided}
	}
	for _, t := range s.Triggers {
		s.terms[t] = rule.Terms{}
	}
	u := o.section("un_audited", unAuditKeys)
	terms := rule.Terms{Dwell: u.duration("dwell", dwellAbsent, dwellLeast, dwellMost)}
	if s.NumberReuse == rule.NumberUnsaid {
		terms.Hold = rule.HoldNumberReuse
	}
	switch _, listed := s.terms[rule.TriggerUnAudited]; {
	case listed:
		s.terms[rule.TriggerUnAudited] = terms
	case o.has("un_audited"):
		o.fault("un_audited", "is of no effect: `un_audited` is not among the triggers")
	}
}

func (o object) listTriggers(s *Scheme) {
	nodes := o.list("triggers")
	if len(nodes) == 0 {
		o.fault("triggers", "must list at least one of %s, or be left out", triggerNames())
	}
	for _, n := range nodes {
		text, ok := o.d.text(n, o.at("triggers"))
		switch t := rule.Trigger(text); {
		case !ok:
		case !slices.Contains(rule.Triggers, t):
			o.d.fault(n, o.at("triggers"), "unknown trigger `%s`; those that there are: %s", t, triggerNames())
		case slices.Contains(s.Triggers, t):
			o.d.fault(n, o.at("triggers"), "`%s` is listed twice", t)
		default:
			s.Triggers = append(s.Triggers, t)
		}
	}
}

func triggerNames() string {
	names := make([]string, len(rule.Triggers))
	for i, t := range rule.Triggers {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}
