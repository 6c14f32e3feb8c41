// Package metrics shows how the ledger and this orchestrator are doing, in Prometheus' text format: cancellations by
// state, how far each scheme has read and what keeps it, what waits for people, and what requests of this process came
// to.
//
// It promises that measuring fails nobody but the scrape. The figures of the ledger are the same on every orchestrator;
// those of requests are each one's own, so they may be summed.
package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Ledger is asked at each scrape.
type Ledger interface {
	Figures(ctx context.Context) ([]ledger.Figures, error)
	OpenConditions(ctx context.Context) ([]ledger.ConditionFigure, error)
}

// Host is the orchestrator itself.
type Host interface {
	// Own answers the conditions that stand in its memory.
	Own() []ledger.ConditionView
	// Keeps says whether a condition of the ledger is one of those.
	Keeps(kind rule.ConditionKind, host string) bool
}

// scrapeTime bounds what a scrape asks of the ledger.
const scrapeTime = 5 * time.Second

// Metrics counts what requests of this process came to.
type Metrics struct{ answers *prometheus.CounterVec }

// New adds the ledger's figures, the host's conditions and these counts, of which there are none yet, to what a scrape
// shows.
func New(registry *prometheus.Registry, l Ledger, h Host) *Metrics {
	m := &Metrics{answers: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "orchestrator_attempts_total",
		Help: "Requests to the WMS whose result this process stored, by what they came to.",
	}, []string{"disposition"})}
	registry.MustRegister(m.answers, &collector{ledger: l, host: h})
	return m
}

// Stored counts results that have been written.
func (m *Metrics) Stored(results []ledger.Result) {
	for _, r := range results {
		m.answers.WithLabelValues(string(r.Answer.Disposition)).Inc()
	}
}

// freshFor is how long what the ledger said is shown again. Anybody may scrape, and nobody is to burden the ledger.
const freshFor = time.Second

// collector reads the ledger when it is scraped.
type collector struct {
	ledger Ledger
	host   Host

	// mu lets one scrape read; the others show what it found, which was read then.
	mu         sync.Mutex
	read       time.Time
	schemes    []ledger.Figures
	conditions []ledger.ConditionFigure
	err        error
}

// figures are what the ledger said within the last second.
func (c *collector) figures() ([]ledger.Figures, []ledger.ConditionFigure, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.read) < freshFor {
		return c.schemes, c.conditions, c.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	if c.schemes, c.err = c.ledger.Figures(ctx); c.err == nil {
		c.conditions, c.err = c.ledger.OpenConditions(ctx)
	}
	c.read = time.Now()
	return c.schemes, c.conditions, c.err
}

func about(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("orchestrator_"+name, help, labels, nil)
}

var (
	up            = about("ledger_up", "1 if the ledger answered this scrape.")
	cancellations = about("cancellations", "Cancellations by state; of those that have ended about how many.",
		"scheme", "state")
	workItems = about("work_items", "Open work items: what waits for a person.", "scheme")
	runs      = about("runs_total",
		"Baselines and incremental runs that moved or confirmed the watermark.", "scheme")
	failures     = about("run_failures", "Incremental runs in a row that did not end.", "scheme")
	runAge       = about("run_age_seconds", "How long ago the last incremental run ended.", "scheme")
	watermarkLag = about("watermark_lag_seconds", "How far the watermark is behind now; 30 s are meant.", "scheme")
	oldest       = about("oldest_unsettled_seconds",
		"How long ago the oldest open cancellation arose, whatever it waits for; what is held is not among them.",
		"scheme")
	condition = about("condition",
		"1 for each open condition: what stands still and why. The labels that do not belong to its subject are empty.",
		"kind", "scheme", "data_center", "account", "trigger", "host", "reason")
	conditionAge = about("condition_age_seconds", "How long an open condition has lasted.",
		"kind", "scheme", "data_center", "account", "trigger", "host", "reason")
)

// Describe implements prometheus.Collector.
func (*collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		up, cancellations, workItems, runs, failures, runAge, watermarkLag, oldest, condition, conditionAge,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	tell := func(age float64, labels ...string) {
		gauge(condition, 1, labels...)
		gauge(conditionAge, age, labels...)
	}
	for _, o := range c.host.Own() {
		tell(time.Since(o.Since).Seconds(), string(o.Kind), "", "", "", "", o.Host, o.Reason)
	}
	schemes, conditions, err := c.figures()
	if err != nil {
		gauge(up, 0)
		return
	}
	gauge(up, 1)
	for _, o := range conditions {
		if !c.host.Keeps(o.Kind, o.Host) {
			tell(o.Age, string(o.Kind), o.Scheme, o.DataCenterID, o.Account, o.Trigger, o.Host, o.Reason)
		}
	}
	for _, s := range schemes {
		for state, count := range s.Counts {
			gauge(cancellations, float64(count), s.Scheme, state)
		}
		gauge(workItems, float64(s.OpenWorkItems), s.Scheme)
		gauge(failures, float64(s.Failures), s.Scheme)
		gauge(oldest, s.OldestOpen.Seconds(), s.Scheme)
		if s.Read {
			out <- prometheus.MustNewConstMetric(runs, prometheus.CounterValue, float64(s.Runs), s.Scheme)
			gauge(runAge, s.RunAge.Seconds(), s.Scheme)
			gauge(watermarkLag, s.WatermarkLag.Seconds(), s.Scheme)
		}
	}
}
