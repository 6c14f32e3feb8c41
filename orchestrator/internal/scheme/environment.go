package scheme

import "time"

// Environment says what is behind the two adapters. Both vendors are real or both are sandboxes.
type Environment string

// The two environments.
const (
	Real    Environment = "real"
	Sandbox Environment = "sandbox"
)

// Mode says whether a scheme sends.
type Mode string

// The two modes.
const (
	// DryRun decides and records, and sends nothing.
	DryRun Mode = "dry_run"
	Send   Mode = "send"
)

// Mode is the mode a scheme starts in: send on sandboxes, dry run on real vendors, where only an operator's recorded act
// changes it to send. A file may ask for dry run, never for send.
func (s *Scheme) Mode(env Environment) Mode {
	if env == Sandbox && !s.dryRunOnly {
		return Send
	}
	return DryRun
}

// Polling: the time between the starts of two passes. Design limits, by environment.
const (
	realPoll, realPollLeast       = 60 * time.Second, 10 * time.Second
	sandboxPoll, sandboxPollLeast = time.Second, 200 * time.Millisecond
	pollMost                      = time.Hour
)

// PollInterval is the time between the starts of two passes: the file's, else 60 s on real vendors and 1 s on sandboxes.
func (s *Scheme) PollInterval(env Environment) time.Duration {
	switch {
	case s.pollInterval > 0:
		return s.pollInterval
	case env == Sandbox:
		return sandboxPoll
	default:
		return realPoll
	}
}

// Examples that a scheme on real vendors must carry: for each direction that it cancels, and for each of its orders.
const examplesPerDirection = 2

// CheckFor says what keeps a scheme from running in an environment, which is known only after connecting: Problems, or nil.
func (s *Scheme) CheckFor(env Environment) error {
	if env != Real {
		return nil
	}
	d := decoder{file: s.file, scheme: s.Name}
	if s.SandboxOnly {
		d.fault(s.keys["sandbox_only"], "sandbox_only", "this scheme is for the sandboxes only; write one for the real accounts")
	}
	if s.pollInterval > 0 && s.pollInterval < realPollLeast {
		d.fault(s.keys["poll_interval"], "poll_interval", "must be at least %s on real vendors, not %s", span(realPollLeast), span(s.pollInterval))
	}
	s.checkLooks(&d)
	s.checkExamples(&d)
	if len(d.problems) == 0 {
		return nil
	}
	return d.problems
}
