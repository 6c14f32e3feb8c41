package scheme

import "time"

// Looking again, independent of dates: design limits, by environment.
const (
	realWatch, realWatchLeast = 10 * time.Minute, time.Minute
	sandboxWatch              = 5 * time.Second
	realSweep, realSweepLeast = time.Hour, 10 * time.Minute
	sandboxSweep              = time.Minute
	lookLeast, lookMost       = time.Second, 24 * time.Hour
	absentAbsent, absentLeast = 30 * time.Minute, 30 * time.Minute
)

// looks is how often and how patiently a scheme looks again.
type looks struct{ watch, sweep, absent time.Duration }

func (o object) decodeLooks() looks {
	return looks{
		watch:  o.duration("watch_interval", 0, lookLeast, lookMost),
		sweep:  o.duration("sweep_interval", 0, lookLeast, lookMost),
		absent: o.duration("absent_wait", absentAbsent, lookLeast, lookMost),
	}
}

// WatchInterval is the time between the starts of two rounds of the watch: the file's, else 10 min on real vendors and 5 s on
// sandboxes.
func (s *Scheme) WatchInterval(env Environment) time.Duration {
	switch {
	case s.looks.watch > 0:
		return s.looks.watch
	case env == Sandbox:
		return sandboxWatch
	}
	return realWatch
}

// SweepInterval is the time between the starts of two sweeps: the file's, else an hour on real vendors and a minute on sandboxes.
func (s *Scheme) SweepInterval(env Environment) time.Duration {
	switch {
	case s.looks.sweep > 0:
		return s.looks.sweep
	case env == Sandbox:
		return sandboxSweep
	}
	return realSweep
}

// AbsentWait is how long a bill must have been missing before a sweep asks whether it is gone: 30 min, shorter on sandboxes only.
func (s *Scheme) AbsentWait() time.Duration { return s.looks.absent }

// checkLooks says what is too fast for real vendors.
func (s *Scheme) checkLooks(d *decoder) {
	for _, l := range []struct {
		key       string
		is, least time.Duration
	}{
		{"watch_interval", s.looks.watch, realWatchLeast}, {"sweep_interval", s.looks.sweep, realSweepLeast}, {"absent_wait", s.looks.absent, absentLeast},
	} {
		if l.is > 0 && l.is < l.least {
			d.fault(s.keys[l.key], l.key, "must be at least %s on real vendors, not %s", span(l.least), span(l.is))
		}
	}
}
