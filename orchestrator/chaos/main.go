package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

//go:embed scheme.yaml
var schemeFile []byte

//go:embed answers.yaml
var answersFile []byte

// Times of the short form; together they stay below shortTime.
const (
	shortKills = 11
	shortTime  = 2 * time.Minute
	// calmTime is what the quiet gets of it, endTime what the judgement and the orderly end get. A machine on which the
	// rest takes longer sees less of the storm.
	calmTime = 45 * time.Second
	endTime  = 8 * time.Second
	// longCalm is how long the quiet may last where the whole run has no limit.
	longCalm   = 3 * time.Minute
	leastStorm = 5 * time.Second
	everyKill  = 3 * time.Second
	everyBill  = 300 * time.Millisecond
)

// schemeName is the one in the file.
const schemeName = "chaos"

// run is one run and what came of it.
type run struct {
	plan     plan
	scheme   *scheme.Scheme
	storm    *storm
	evidence *evidence
	verdict  *findings
	stormed  time.Duration
	calmed   calmed
	// ends is when it must be over; zero for a run without a limit.
	ends          time.Time
	kingdeeFaults int
	// program is voidrelay, for the operator; empty: it is built.
	program string
	logger  *slog.Logger
}

func main() {
	if status, played := install.PlayRole(); played {
		os.Exit(status)
	}
	began := time.Now()
	seed := flag.Uint64("seed", 0, "the plan's seed; 0 takes one from the clock")
	kills := flag.Int("kills", shortKills, "how many processes are killed; the run takes three seconds for each")
	at := flag.String("at", "", "kill orchestrators at this `point` only")
	within := flag.Duration("within", 0, "how long the whole run may take: the storm is cut short for it; 0 is 2m "+
		"for the short form, and no limit for a longer one")
	show := flag.Bool("plan", false, "print the plan and do nothing")
	program := flag.String("voidrelay", "", "the `program` voidrelay, which the operator types; without it it is built")
	dir := flag.String("dir", "",
		"existing `folder` for the logs of all processes; without it they are kept only when something is found")
	flag.Parse()
	if *at != "" && !slices.Contains(crashpoint.All(), crashpoint.Name(*at)) {
		fmt.Fprintf(os.Stderr, "chaos: -at: no such point; there are %s\n", crashpoint.All())
		os.Exit(2)
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	r := &run{
		plan:    makePlan(*seed, size{kills: *kills, each: everyKill, fresh: everyBill, at: crashpoint.Name(*at)}),
		program: *program,
		logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if *show {
		fmt.Println(strings.Join(r.plan.lines(), "\n"))
		return
	}
	if !crashpoint.Built {
		fmt.Fprintln(os.Stderr,
			"chaos: the points at which processes die are not in this program; build it with -tags chaos")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *within == 0 && *kills <= shortKills {
		*within = shortTime
	}
	if *within > 0 {
		r.ends = began.Add(*within)
	}
	found, err := r.all(ctx, *dir)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	case found:
		os.Exit(1)
	}
}

// all runs the plan and judges it. found says that something is not as it must be.
func (r *run) all(ctx context.Context, dir string) (found bool, err error) {
	schemes, err := scheme.Load(r.plan.document(), "scheme.yaml")
	if err != nil {
		return false, err
	}
	r.scheme = schemes[0]
	keep := dir != ""
	if !keep {
		if dir, err = os.MkdirTemp("", "voidrelay-chaos-"); err != nil {
			return false, err
		}
	}
	defer func() {
		switch {
		case found || err != nil:
			fmt.Printf("\nlogs of all processes: %s\nthe same plan again: make chaos SEED=%d\n", dir, r.plan.seed)
		case !keep:
			_ = os.RemoveAll(dir)
		}
	}()
	t := &town{dir: dir, logger: r.logger}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	if err := t.build(ctx, r.plan); err != nil {
		return false, err
	}
	if err := r.live(ctx, t); err != nil {
		return false, err
	}
	r.verdict = judge(r.evidence)
	if r.calmed.moving {
		r.verdict.postpone()
	}
	r.report(os.Stdout)
	problems := append(slices.Clone(r.storm.problems), r.storm.operator.problems...)
	if err := errors.Join(append(problems, r.storm.missing()...)...); err != nil {
		return false, fmt.Errorf("the plan could not be carried out: %w", err)
	}
	return len(r.verdict.findings) > 0, t.orderly(ctx)
}

// live lets the storm run and gathers what it left.
func (r *run) live(ctx context.Context, t *town) error {
	codes := map[string]string{}
	for _, number := range stocks {
		w, _ := r.scheme.Warehouse(number)
		codes[number] = w.Code
	}
	worker := &operator{town: t}
	if len(r.plan.plays) > 0 {
		log, err := t.log("operator")
		if err != nil {
			return err
		}
		defer log.Close()
		worker.log = log
		if err := worker.build(ctx, r.program); err != nil {
			return err
		}
	}
	if err := t.baseline(ctx); err != nil {
		return err
	}
	seen, conditions := &runs{}, newLookout()
	live, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { seen.follow(live, t) })
	watching.Go(func() { conditions.follow(live, t) })
	if len(r.plan.plays) > 0 {
		watching.Go(func() { worker.work(live) })
	}
	defer watching.Wait()
	defer stop()
	began := time.Now()
	r.storm = t.storm(ctx, r.plan, codes, r.stormLimit(), conditions, worker)
	r.stormed = time.Since(began)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	pending, err := t.control.pending(ctx)
	if err != nil {
		return err
	}
	for _, f := range r.plan.faults {
		r.kingdeeFaults += f.Fault.Count
	}
	r.kingdeeFaults -= pending + r.storm.pardoned
	if r.calmed, err = t.quiet(ctx, r.plan, r.calmLimit(), worker); err != nil {
		return err
	}
	if r.evidence, err = t.gather(ctx, r.scheme); err == nil {
		r.evidence.runs, r.evidence.visible = seen, time.Duration(r.plan.kingdee.CommitMillis)*time.Millisecond
		r.evidence.keepsApprove, r.evidence.cancelIsDate = r.plan.kingdee.UnauditKeepsApproveDate,
			r.plan.kingdee.CancelDateOnly
		r.evidence.hid, r.evidence.organisations = r.storm.hid, r.plan.organisations()
		r.evidence.acts, r.evidence.stops = worker.acts, worker.stops
		for _, p := range r.storm.played {
			if p.Kind == proxied {
				r.evidence.outages = append(r.evidence.outages, p.span)
			}
		}
	}
	return err
}

// stormLimit is how long something new may begin.
func (r *run) stormLimit() time.Duration {
	if r.ends.IsZero() {
		return 2 * r.plan.storm
	}
	return max(time.Until(r.ends)-calmTime-endTime, leastStorm)
}

func (r *run) calmLimit() time.Duration {
	if r.ends.IsZero() {
		return longCalm
	}
	return max(time.Until(r.ends)-endTime, calmTime/4)
}
