package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/chaos/proxy"
	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
)

const (
	// takeover is when an attempt without an answer counts as unknown, exchange how long the WMS may take for one.
	// Together with the 3 s within which an attempt with a lease is sent, an answer comes before it is given up, as
	// with the product's own 40 s and 20 s.
	takeover = 8 * time.Second
	exchange = 3 * time.Second
	stopTime = 40 * time.Second
)

// town is everything that runs: a Postgres that syncs, both sandboxes in one process, and our services, each in its
// own.
type town struct {
	dir       string
	postgres  *privatepg.Server
	sandboxes *install.Process
	control   control
	// proxy stands between wmssvc and the WMS.
	proxy   *proxy.Proxy
	members map[string]*member
	// applied is the scheme that was applied last. hidden: a permission in Kingdee is lost.
	applied atomic.Pointer[[]byte]
	hidden  atomic.Bool
	// falling keeps two blows on Postgres apart.
	falling sync.Mutex
	pool    *pgxpool.Pool
	logger  *slog.Logger
}

// build starts everything. What it started is stopped by close, also after an error.
func (t *town) build(ctx context.Context, p plan) (err error) {
	if t.postgres, err = privatepg.Start(ctx, privatepg.Options{Fsync: true, Logger: t.logger}); err != nil {
		return err
	}
	if _, err := migrate.Up(ctx, t.postgres.URL()); err != nil {
		return err
	}
	if t.pool, err = ledger.Open(ctx, t.postgres.URL()); err != nil {
		return err
	}
	log, err := t.log("sandboxes")
	if err != nil {
		return err
	}
	if t.sandboxes, err = install.StartProcess(ctx, install.RoleSandboxes, nil, log); err != nil {
		return err
	}
	kingdee, wms := t.sandboxes.Addrs[0], t.sandboxes.Addrs[1]
	if t.control, err = newControl(kingdee, wms); err != nil {
		return err
	}
	if err := t.control.behave(ctx, p.kingdee, p.wms); err != nil {
		return err
	}
	for _, s := range p.steps {
		if s.At > 0 {
			break
		}
		if err := t.control.do(ctx, s, nil); err != nil {
			return err
		}
	}
	if t.proxy, err = proxy.Start(ctx, wms); err != nil {
		return err
	}
	return t.people(ctx, p, install.SandboxSettings(kingdee, "http://"+t.proxy.Address()))
}

// people starts our services.
func (t *town) people(ctx context.Context, p plan, vendors map[string]string) error {
	answers := filepath.Join(t.dir, "answers.yaml")
	if err := os.WriteFile(answers, answersFile, 0o600); err != nil {
		return err
	}
	document := p.document()
	t.applied.Store(&document)
	addrs := map[string]string{}
	for _, name := range []string{reader, sender} {
		addr, err := freeAddr(ctx)
		if err != nil {
			return err
		}
		addrs[name] = addr
	}
	orchestrator := map[string]string{
		"DATABASE_URL": t.postgres.URLAs(migrate.RunningRole), "KINGDEESVC_TARGET": addrs[reader],
		"WMSSVC_TARGET": addrs[sender], install.TakeoverSetting: takeover.String(),
	}
	t.members = map[string]*member{}
	for _, m := range []*member{
		{name: reader, role: install.RoleKingdee, settings: with(vendors, "KINGDEESVC_ADDR", addrs[reader],
			"KINGDEE_PAGE_ROWS", "60", "KINGDEE_SESSIONS", strconv.Itoa(p.sessions))},
		{name: sender, role: install.RoleWMS, settings: with(vendors, "WMSSVC_ADDR", addrs[sender], "WMS_TIMEOUT",
			exchange.String(), "WMS_DICTIONARY", answers,
			// An account without a limit comes back from a throttle answer at one request a second.
			"WMS_RATE", "80")},
		t.orchestrator(first, orchestrator), t.orchestrator(second, orchestrator),
	} {
		var err error
		if m.log, err = t.log(m.name); err != nil {
			return err
		}
		m.armed = filepath.Join(t.dir, m.name+".point")
		m.settings = with(m.settings, crashpoint.FileSetting, m.armed)
		if m.role == install.RoleOrchestrator {
			own := document
			if m.name == second && len(p.changes) > 0 {
				// The ledger has the first one's by then.
				own = p.document(stocks[len(stocks)-1])
			}
			if err := m.keepFile(own); err != nil {
				return err
			}
			m.begun = func() {
				if m.differs(*t.applied.Load()) {
					m.differed++
				}
			}
		}
		if err := m.begin(ctx); err != nil {
			return err
		}
		t.members[m.name] = m
	}
	return nil
}

// orchestrator is one with a name, a schemes file and a memory of its own: no kill makes the ledger go back.
func (t *town) orchestrator(name string, settings map[string]string) *member {
	return &member{name: name, role: install.RoleOrchestrator, settings: with(settings,
		"ORCHESTRATOR_HOST_NAME", name, "SCHEMES_FILE", filepath.Join(t.dir, name+".yaml"),
		"STATE_DIR", filepath.Join(t.dir, name+".state"))}
}

func (t *town) log(name string) (*os.File, error) {
	return os.Create(filepath.Join(t.dir, name+".log"))
}

func with(settings map[string]string, pairs ...string) map[string]string {
	more := maps.Clone(settings)
	for pair := range slices.Chunk(pairs, 2) {
		more[pair[0]] = pair[1]
	}
	return more
}

// freeAddr picks a port below those that the system gives to clients, so that nobody takes it while its service is
// dead.
func freeAddr(ctx context.Context) (string, error) {
	for range 100 {
		port := 20_000 + rand.IntN(10_000) //nolint:gosec // a port, not a secret
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err == nil {
			return addr, listener.Close()
		}
	}
	return "", errors.New("no free port between 20000 and 30000")
}

// orderly says that every member ends well when it is asked to.
func (t *town) orderly(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	// The orchestrators first: what they still ask of the others is answered.
	return errors.Join(t.end(ctx, first, second), t.end(ctx, reader, sender))
}

// end asks these members to stop, together.
func (t *town) end(ctx context.Context, names ...string) error {
	problems := make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		if m := t.members[name]; m != nil {
			all.Go(func() { problems[i] = m.end(ctx) })
		}
	}
	all.Wait()
	return errors.Join(problems...)
}

// close ends whatever still runs.
func (t *town) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	for _, m := range t.members {
		m.abandon()
	}
	var problems []error
	if t.proxy != nil {
		problems = append(problems, t.proxy.Stop())
	}
	if t.sandboxes != nil {
		problems = append(problems, t.sandboxes.Stop(ctx))
	}
	if t.pool != nil {
		t.pool.Close()
	}
	if t.postgres != nil {
		problems = append(problems, t.postgres.Stop(ctx))
	}
	return errors.Join(problems...)
}

// hostOf is the scheme and host of a URL.
func hostOf(where string) (string, error) {
	u, err := url.Parse(where)
	if err != nil {
		return "", fmt.Errorf("sandbox address: %w", err)
	}
	return u.Scheme + "://" + u.Host, nil
}
