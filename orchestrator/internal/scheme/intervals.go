package scheme

import "time"

// Rechecks and reconcile runs, which read again whatever the dates say: design limits, by environment.
const (
	realRecheck, realRecheckLeast     = 10 * time.Minute, time.Minute
	sandboxRecheck                    = 5 * time.Second
	realReconcile, realReconcileLeast = time.Hour, 10 * time.Minute
	sandboxReconcile                  = time.Minute
	intervalLeast, intervalMost       = time.Second, 24 * time.Hour
	absentAbsent, absentLeast         = 30 * time.Minute, 30 * time.Minute
)

// intervals say how often a scheme reads again, and how patiently it does so.
type intervals struct{ recheck, reconcile, absent time.Duration }

func (o object) decodeIntervals() intervals {
	return intervals{
		recheck:   o.duration("recheck_interval", 0, intervalLeast, intervalMost),
		reconcile: o.duration("reconcile_interval", 0, intervalLeast, intervalMost),
		absent:    o.duration("absent_wait", absentAbsent, intervalLeast, intervalMost),
	}
}

// RecheckInterval is the time between the starts of two rechecks: the file's, else 10 min on real vendors and 5 s on
// sandboxes.
func (s *Scheme) RecheckInterval(env Environment) time.Duration {
	switch {
	case s.intervals.recheck > 0:
		return s.intervals.recheck
	case env == Sandbox:
		return sandboxRecheck
	}
	return realRecheck
}

// ReconcileInterval is the time between the starts of two reconcile runs: the file's, else an hour on real vendors and
// a minute on sandboxes.
func (s *Scheme) ReconcileInterval(env Environment) time.Duration {
	switch {
	case s.intervals.reconcile > 0:
		return s.intervals.reconcile
	case env == Sandbox:
		return sandboxReconcile
	}
	return realReconcile
}

// AbsentWait is how long a bill must have been missing before a reconcile run asks whether it is gone: 30 min, shorter
// on sandboxes only.
func (s *Scheme) AbsentWait() time.Duration { return s.intervals.absent }

// checkIntervals says what is too fast for real vendors.
func (s *Scheme) checkIntervals(d *decoder) {
	for _, l := range []struct {
		key       string
		is, least time.Duration
	}{
		{"recheck_interval", s.intervals.recheck, realRecheckLeast},
		{"reconcile_interval", s.intervals.reconcile, realReconcileLeast},
		{"absent_wait", s.intervals.absent, absentLeast},
	} {
		if l.is > 0 && l.is < l.least {
			d.fault(s.keys[l.key], l.key, "must be at least %s on real vendors, not %s", span(l.least), span(l.is))
		}
	}
}
