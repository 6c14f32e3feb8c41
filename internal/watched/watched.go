// Package watched follows the files that a program's settings name while it runs, so that what changes in them counts
// without a restart.
//
// It promises that what was read before stays in force while a file is gone, half written or wrong; that this is told
// until the file is whole again, as is a certificate that is near its end; and that no text of its own quotes what a
// file holds. A change is seen within three seconds, or at once after SIGHUP. What a file means is its owner's
// business.
package watched

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voidrelay/voidrelay/internal/settings"
)

const (
	// pace is how often the files are looked at, and calm how long a file that has changed must then stay as it is: one
	// that is being written, or a certificate without its key, is not read half way.
	pace = 2 * time.Second
	calm = 200 * time.Millisecond
	// Soon is how long before its end a certificate is told of.
	Soon = 30 * 24 * time.Hour
)

// Header is the header in which a service tells its findings with its health, as JSON in ASCII.
const Header = "voidrelay-conditions"

// Kind is what is the matter with a file.
type Kind string

// The kinds are the orchestrator's conditions of these names.
const (
	// Broken: the file cannot be used; what was read before stays in force.
	Broken Kind = "file_broken"
	// Ending: a certificate in it ends within 30 days, or has ended.
	Ending Kind = "certificate_ending"
)

// Finding is one thing that is the matter. As JSON it is told to everybody who asks for health.
type Finding struct {
	Kind Kind `json:"kind"`
	// Setting names the file: TLS_CERT_FILE.
	Setting string `json:"reason"`
	// Since is when it began.
	Since time.Time `json:"since"`
	// End is that of the certificate; nil of what is broken.
	End *time.Time `json:"end,omitempty"`
	// Detail is what is wrong, for the log and for those who may read: it may name folders.
	Detail string `json:"-"`
}

// is says whether two findings are one.
func (f Finding) is(o Finding) bool { return f.Kind == o.Kind && f.Setting == o.Setting }

// Source is what a setting names, and what is done with it.
type Source struct {
	// Setting is how a person calls it.
	Setting string
	// Paths are the files, asked for each time: one of them may name others.
	Paths func() []string
	// Load reads the files and takes what they hold into use, or answers why it did neither.
	Load func() error
	// Ends is when the first of the certificates in use ends, zero for never; nil where there are none.
	Ends func() time.Time
}

// At are the paths of a source whose files have fixed names.
func At(paths ...string) func() []string { return func() []string { return paths } }

// Files follows sources. Safe for concurrent use once all of them are added.
type Files struct {
	logger  *slog.Logger
	now     func() time.Time
	changed func()
	sources []*source

	mu sync.Mutex
	// told is what was last handed to changed.
	told []Finding
}

// source is a Source at work; its fields below mu are guarded by that of Files.
type source struct {
	Source

	// stamp is what the files were when they were last looked at; empty before the first look.
	stamp string
	// fault is why they cannot be used, since when.
	fault error
	since time.Time
	// never: a pipe or a device, which can be read once.
	never bool
}

// New follows nothing yet.
func New(logger *slog.Logger) *Files { return &Files{logger: logger, now: time.Now} }

// Follow adds a source, before Run. A setting that names no file is none.
func (f *Files) Follow(s Source) {
	if len(s.Paths()) > 0 {
		f.sources = append(f.sources, &source{Source: s})
	}
}

// Tell makes Run call this with each change of the findings, and once when it begins.
func (f *Files) Tell(changed func([]Finding)) {
	f.changed = func() { changed(f.Findings()) }
}

// Run looks at the files until stopping is closed.
func (f *Files) Run(stopping <-chan struct{}) {
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	f.read(false, stopping)
	if f.changed != nil {
		f.changed()
	}
	for {
		select {
		case <-stopping:
			return
		case <-tick.C:
			f.read(false, stopping)
		case <-hangUp:
			f.read(true, stopping)
		}
	}
}

// read looks at every source; anew reads also those that have not changed.
func (f *Files) read(anew bool, stopping <-chan struct{}) {
	for _, s := range f.sources {
		f.readOne(s, anew, stopping)
	}
	found := f.Findings()
	f.mu.Lock()
	same := slices.EqualFunc(f.told, found, Finding.is)
	f.told = found
	f.mu.Unlock()
	if !same && f.changed != nil {
		f.changed()
	}
}

func (f *Files) readOne(s *source, anew bool, stopping <-chan struct{}) {
	now, once := stampOf(s.Paths())
	if s.stamp == "" {
		s.never = once
	}
	if s.never || now == s.stamp && !anew && s.fault == nil {
		return
	}
	if s.stamp != "" && now != s.stamp {
		select {
		case <-stopping:
			return
		case <-time.After(calm):
		}
		if again, _ := stampOf(s.Paths()); again != now {
			return // it is being written; the next look sees to it
		}
	}
	f.take(s, s.stamp == "", now == s.stamp)
	s.stamp = now
}

// take loads a source and tells what came of it.
func (f *Files) take(s *source, first, unchanged bool) {
	err := s.Load()
	f.mu.Lock()
	before := s.fault
	s.fault = err
	if err != nil && before == nil {
		s.since = f.now()
	}
	f.mu.Unlock()
	switch {
	case err != nil && (before == nil || before.Error() != err.Error()):
		f.logger.Error("a file cannot be used; what was read of it before stays in force",
			slog.String("setting", s.Setting), slog.Any("err", err))
	case err == nil && (before != nil || !first && !unchanged):
		f.logger.Info("a file was read anew", slog.String("setting", s.Setting))
	}
}

// stampOf tells one state of the files from another, and says whether one of them can be read once only. Links are
// followed.
func stampOf(paths []string) (stamp string, once bool) {
	var text strings.Builder
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Fprintf(&text, "%s\x00%s\x00", path, reason(err))
			continue
		}
		if !info.Mode().IsRegular() {
			return "", true
		}
		content, err := settings.ReadFile(path)
		fmt.Fprintf(&text, "%s\x00%v\x00%x\x00%s\x00", path, info.Mode(), sha256.Sum256(content), reason(err))
	}
	return text.String(), false
}

// reason is an error's cause without the name of the file.
func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// Findings are what is the matter now, in the order in which the sources were added.
func (f *Files) Findings() []Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := []Finding{}
	add := func(one Finding) {
		if !slices.ContainsFunc(found, one.is) {
			found = append(found, one)
		}
	}
	for _, s := range f.sources {
		if s.fault != nil {
			add(Finding{Kind: Broken, Setting: s.Setting, Since: s.since, Detail: s.fault.Error()})
		}
		if end := s.end(); !end.IsZero() && f.now().After(end.Add(-Soon)) {
			add(Finding{
				Kind: Ending, Setting: s.Setting, Since: end.Add(-Soon), End: &end, Detail: end.Format(time.DateOnly),
			})
		}
	}
	return found
}

func (s *source) end() time.Time {
	if s.Ends == nil {
		return time.Time{}
	}
	return s.Ends()
}

var (
	brokenDesc = prometheus.NewDesc("voidrelay_file_broken",
		"1 while the file that the setting names cannot be used, and what was read of it before is in force.",
		[]string{"setting"}, nil)
	endDesc = prometheus.NewDesc("voidrelay_certificate_end_timestamp_seconds",
		"When the first of the certificates in the setting's file ends, in seconds since 1970.",
		[]string{"setting"}, nil)
)

// Describe implements prometheus.Collector.
func (f *Files) Describe(out chan<- *prometheus.Desc) { out <- brokenDesc; out <- endDesc }

// Collect implements prometheus.Collector.
func (f *Files) Collect(out chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	broken, ends := map[string]float64{}, map[string]time.Time{}
	for _, s := range f.sources {
		broken[s.Setting] += 0
		if s.fault != nil {
			broken[s.Setting] = 1
		}
		if end := s.end(); !end.IsZero() && (ends[s.Setting].IsZero() || end.Before(ends[s.Setting])) {
			ends[s.Setting] = end
		}
	}
	for setting, value := range broken {
		out <- prometheus.MustNewConstMetric(brokenDesc, prometheus.GaugeValue, value, setting)
	}
	for setting, end := range ends {
		out <- prometheus.MustNewConstMetric(endDesc, prometheus.GaugeValue, float64(end.Unix()), setting)
	}
}
