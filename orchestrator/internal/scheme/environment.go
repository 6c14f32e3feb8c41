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

// Mode is the mode a scheme starts in: send on sandboxes, dry run on real vendors, where only an operator's recorded
// act changes it to send. A file may ask for dry run, never for send.
func (s *Scheme) Mode(env Environment) Mode {
	if env == Sandbox && !s.dryRunOnly {
		return Send
	}
	return DryRun
}

// The time between the starts of two incremental runs: design limits, by environment.
const (
	realIncremental, realIncrementalLeast       = 60 * time.Second, 10 * time.Second
	sandboxIncremental, sandboxIncrementalLeast = time.Second, 200 * time.Millisecond
	incrementalMost                             = time.Hour
)

// IncrementalInterval is the time between the starts of two incremental runs: the file's, else 60 s on real vendors and
// 1 s on sandboxes.
func (s *Scheme) IncrementalInterval(env Environment) time.Duration {
	switch {
	case s.incrementalInterval > 0:
		return s.incrementalInterval
	case env == Sandbox:
		return sandboxIncremental
	default:
		return realIncremental
	}
}

// Examples that a scheme on real vendors must carry: for each direction that it cancels, and for each of its order
// kinds.
const examplesPerDirection = 2

// CheckFor says what keeps a scheme from running in an environment, which is known only after connecting: Problems, or
// nil.
func (s *Scheme) CheckFor(env Environment) error {
	if env != Real {
		return nil
	}
	d := decoder{file: s.file, scheme: s.Name}
	if s.SandboxOnly {
		d.fault(s.keys["sandbox_only"], "sandbox_only",
			"this scheme is for the sandboxes only; write one for the real accounts")
	}
	if s.incrementalInterval > 0 && s.incrementalInterval < realIncrementalLeast {
		d.fault(s.keys["incremental_interval"], "incremental_interval", "must be at least %s on real vendors, not %s",
			span(realIncrementalLeast), span(s.incrementalInterval))
	}
	s.checkIntervals(&d)
	s.checkExamples(&d)
	if len(d.problems) == 0 {
		return nil
	}
	return d.problems
}
