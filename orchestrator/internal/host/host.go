package host

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// The adapters, as the reason of adapter_away and adapter_refused names them.
const (
	Kingdee = "kingdee"
	WMS     = "wms"
)

// Config is what a Host is made of.
type Config struct {
	// Name is what Name gives, Version that of the program.
	Name, Version string
	Pool          *pgxpool.Pool
	// Memory is what this host remembers of the ledger; nil: nothing.
	Memory *memory.Keeper
	// Files answers what is the matter with the files of this host; nil: nothing.
	Files func() []watched.Finding
	// Open answers the ledger's open conditions.
	Open   func(ctx context.Context) ([]ledger.ConditionView, error)
	Logger *slog.Logger
	// Changed is called after each look, with whether this host can do anything useful. It must not wait.
	Changed func(ready bool)
}

// Host follows how one orchestrator stands. Safe for concurrent use.
type Host struct {
	cfg        Config
	conditions *ledger.Conditions
	beat       *Beat
	adapters   []*adapter

	mu sync.Mutex
	// own are the open conditions of this host; others those of the ledger, as last seen.
	own    []ledger.Condition
	others []ledger.ConditionView
	// past are conditions about the ledger that ended and are not written yet; back is when the ledger last came back.
	past []past
	back time.Time
	// written are the conditions of files that the ledger has open; nil: nobody knows which.
	written []string
	// usable is closed once the ledger could be used for the first time.
	usable chan struct{}
}

// past is a condition that was over before it could be written.
type past struct {
	condition ledger.Condition
	end       time.Time
}

// New makes a host. Its adapters are added by Follow, before Run.
func New(cfg Config) *Host {
	return &Host{
		cfg: cfg, conditions: ledger.NewConditions(cfg.Pool),
		beat:   NewBeat(cfg.Pool, cfg.Name, cfg.Version, cfg.Logger),
		usable: make(chan struct{}),
	}
}

// Appear looks at the ledger for the first time and, where it can be used, writes the first sign of life: until then a
// condition of this host would end at once. A ledger that takes nothing, or that went back, is no error but a condition
// in memory; Run follows it from there.
func (h *Host) Appear(ctx context.Context) error {
	begun := time.Now()
	err := h.tryLedger(ctx)
	if errors.Is(err, ledger.ErrReadOnly) || errors.Is(err, ledger.ErrWentBack) {
		h.ledgerGone(ctx, begun, err)
		return nil
	}
	if err == nil {
		err = h.beat.Give(ctx, time.Now())
	}
	if err == nil {
		h.ledgerBack(ctx)
	}
	return err
}

// Usable is closed once the ledger could be used for the first time since this host began.
func (h *Host) Usable() <-chan struct{} { return h.usable }

// Follow adds an adapter. pulse leads to it and is for health alone, because a connection bears only so many calls at
// once; work is the connection that the jobs use, which tries again without a pause once the adapter is back.
//
// admission asks the adapter for what this host does there, in a way that comes to nothing: a status UNAUTHENTICATED or
// PERMISSION_DENIED is adapter_refused. nil does not ask.
func (h *Host) Follow(name string, pulse, work *grpc.ClientConn, admission func(context.Context) error) {
	h.adapters = append(h.adapters, &adapter{
		name:  name,
		pulse: pulse, work: work, admission: admission, written: true, refusalWritten: true,
	})
}

// Run gives signs of life and looks at the ledger and the adapters until stopping is closed.
func (h *Host) Run(stopping <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var loops sync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { h.beat.Run(stopping) })
	loops.Go(func() { h.followLedger(ctx) })
	loops.Go(func() { h.followFiles(ctx) })
	for _, a := range h.adapters {
		loops.Go(func() { h.followAdapter(ctx, a) })
	}
	<-stopping
	cancel()
}

// set opens a condition of this host in its memory, or lets it go on with another detail, and says whether it is new.
func (h *Host) set(c ledger.Condition) (opened bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := h.find(c.Kind, c.Reason); i >= 0 {
		h.own[i].Detail = c.Detail
		return false
	}
	h.own = append(h.own, c)
	return true
}

// end ends one in memory and answers it, if it was open.
func (h *Host) end(kind rule.ConditionKind, reason string) (c ledger.Condition, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.find(kind, reason)
	if i < 0 {
		return c, false
	}
	c = h.own[i]
	h.own = slices.Delete(h.own, i, i+1)
	return c, true
}

func (h *Host) find(kind rule.ConditionKind, reason string) int {
	return slices.IndexFunc(h.own, func(c ledger.Condition) bool { return c.Kind == kind && c.Reason == reason })
}

// is says whether this host has an open condition.
func (h *Host) is(kind rule.ConditionKind, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.find(kind, reason) >= 0
}

// Ready says whether this host can do anything useful: it has a ledger that takes what is written, and reaches one of
// its adapters at least.
func (h *Host) Ready() bool {
	return !h.ledgerAway() && (h.Reaches(Kingdee) || h.Reaches(WMS))
}

func (h *Host) ledgerAway() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.own, func(c ledger.Condition) bool { return slices.Contains(ledgerTroubles, c.Kind) })
}

// WentBack says whether the ledger is behind what this host remembers of it.
func (h *Host) WentBack() bool { return h.is(rule.ConditionLedgerWentBack, "") }

// Reaches says whether this host reaches an adapter, Kingdee or WMS, as far as it knows,
// and is let in.
func (h *Host) Reaches(adapter string) bool {
	return !h.is(rule.ConditionAdapterAway, adapter) && !h.is(rule.ConditionAdapterRefused, adapter)
}

// AwaySince says whether the ledger could not be used at some moment since then.
func (h *Host) AwaySince(then time.Time) bool {
	if h.ledgerAway() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.back.After(then)
}

// Own answers the open conditions of this host, which stand in its memory; oldest first.
func (h *Host) Own() []ledger.ConditionView {
	h.mu.Lock()
	defer h.mu.Unlock()
	views := make([]ledger.ConditionView, len(h.own))
	for i, c := range h.own {
		views[i] = viewOf(c)
	}
	return views
}

// All answers the open conditions of this host, and those of the ledger as they were last seen: within seconds, and
// none while the ledger is away. Oldest first.
func (h *Host) All() []ledger.ConditionView {
	all := h.Own()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.find(rule.ConditionLedgerAway, "") < 0 {
		all = append(all, slices.DeleteFunc(slices.Clone(h.others),
			func(c ledger.ConditionView) bool { return h.Keeps(c.Kind, c.Host) })...)
	}
	slices.SortStableFunc(all, func(a, b ledger.ConditionView) int { return a.Since.Compare(b.Since) })
	return all
}

// Keeps says whether conditions of a kind and a host are those of this host that stand in its memory, which knows them
// better than the ledger.
func (h *Host) Keeps(kind rule.ConditionKind, host string) bool {
	return host == h.cfg.Name && kept[kind]
}

// kept are the kinds that stand in memory.
var kept = map[rule.ConditionKind]bool{
	rule.ConditionAdapterAway: true, rule.ConditionAdapterRefused: true,
	rule.ConditionLedgerAway: true, rule.ConditionDatabaseReadOnly: true,
	rule.ConditionLedgerWentBack: true, rule.ConditionFileBroken: true, rule.ConditionCertificateEnding: true,
}

// viewOf is a condition as it would be read from the ledger; it has no number.
func viewOf(c ledger.Condition) ledger.ConditionView {
	words := rule.ConditionRowOf(c.Kind, c.Reason).Filled("host", c.Host, "reason", c.Reason)
	view := ledger.ConditionView{
		Kind: c.Kind, Host: c.Host, Reason: c.Reason, Detail: c.Detail, Message: words.MessageZH,
		Action: words.ActionZH, MessageEN: words.MessageEN, ActionEN: words.ActionEN, BlocksReading: words.Reading,
		BlocksSending: words.Sending, ByPerson: words.ByPerson, Since: c.Since, LastSeen: time.Now(),
	}
	if c.Detail != "" {
		view.Message, view.MessageEN = view.Message+"："+c.Detail, view.MessageEN+": "+c.Detail
	}
	return view
}

// Told is a condition as health and /readyz tell everybody: without what was met word for word, which may name bills.
type Told struct {
	Kind          rule.ConditionKind `json:"kind"`
	Since         time.Time          `json:"since"`
	Scheme        string             `json:"scheme,omitempty"`
	Account       string             `json:"account,omitempty"`
	Trigger       string             `json:"trigger,omitempty"`
	Host          string             `json:"host,omitempty"`
	Reason        string             `json:"reason,omitempty"`
	BlocksReading bool               `json:"blocksReading"`
	BlocksSending bool               `json:"blocksSending"`
	Message       string             `json:"message"`
	Action        string             `json:"action"`
	MessageEN     string             `json:"messageEn"`
	ActionEN      string             `json:"actionEn"`
}

// mostTold bounds what is told; it travels in a header.
const mostTold = 20

// Tell answers All for everybody, at most 20 of them; empty, but never nil.
func (h *Host) Tell() []Told {
	all := h.All()
	told := make([]Told, 0, len(all))
	for _, c := range all[:min(len(all), mostTold)] {
		words := rule.ConditionRowOf(c.Kind, c.Reason).Filled("scheme", c.Scheme, "data_center", c.DataCenterID,
			"account", c.Account, "trigger", c.Trigger, "host", c.Host, "reason", c.Reason)
		told = append(told, Told{
			Kind: c.Kind, Since: c.Since.UTC().Truncate(time.Millisecond), Scheme: c.Scheme, Account: c.Account,
			Trigger: c.Trigger, Host: c.Host, Reason: c.Reason, BlocksReading: c.BlocksReading,
			BlocksSending: c.BlocksSending, Message: words.MessageZH, Action: words.ActionZH,
			MessageEN: words.MessageEN, ActionEN: words.ActionEN,
		})
	}
	return told
}

// looked tells whoever wants to know how this host stands now.
func (h *Host) looked() {
	if h.cfg.Changed != nil {
		h.cfg.Changed(h.Ready())
	}
}

// wait waits, and says whether ctx goes on.
func wait(ctx context.Context, long time.Duration, sooner <-chan struct{}) bool {
	timer := time.NewTimer(cmp.Or(long, time.Nanosecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-sooner:
	}
	return ctx.Err() == nil
}
