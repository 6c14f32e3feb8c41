package install

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// Options say what to put together.
type Options struct {
	// Getenv answers settings, as os.Getenv does.
	Getenv func(string) string
	// Sandboxes: the vendors are sandboxes, whatever the settings say about them.
	Sandboxes bool
	// FreePorts: every service listens on a free port of 127.0.0.1, whatever the settings say.
	FreePorts bool
	// Adapters guards the adapters' doors; its zero value leaves them open to this machine.
	Adapters AdapterFiles
	// Tune changes the orchestrator's configuration before it starts; may be nil.
	Tune   func(*orchestrator.Config)
	Logger *slog.Logger
}

// Stack is the three services, running.
type Stack struct {
	Kingdee      *kingdeesvc.Server
	WMS          *wmssvc.Server
	Orchestrator *orchestrator.Server

	waiters sync.WaitGroup
	ended   chan error
}

// Start starts the three services on a migrated database; vendors is nil when the settings name real ones. ctx bounds
// the start only.
func Start(ctx context.Context, opts Options, database *Database, vendors *Vendors) (*Stack, error) {
	var sandboxes map[string]string
	if vendors != nil {
		sandboxes = vendors.Settings()
	}
	cfg, err := opts.load(sandboxes, database.URL())
	if err != nil {
		return nil, err
	}
	h := &Stack{ended: make(chan error, 3)}
	if h.Kingdee, err = kingdeesvc.Start(ctx, cfg.kingdee, opts.Logger.With("service", "kingdeesvc")); err != nil {
		return nil, fmt.Errorf("kingdeesvc: %w", err)
	}
	if h.WMS, err = wmssvc.Start(ctx, cfg.wms, opts.Logger.With("service", "wmssvc")); err != nil {
		return nil, errors.Join(fmt.Errorf("wmssvc: %w", err), h.Stop(context.WithoutCancel(ctx)))
	}
	cfg.orchestrator.KingdeeTarget, cfg.orchestrator.WMSTarget = h.Kingdee.Addr(), h.WMS.Addr()
	if opts.Tune != nil {
		opts.Tune(&cfg.orchestrator)
	}
	if h.Orchestrator, err = orchestrator.Start(ctx, cfg.orchestrator, opts.Logger.With("service",
		"orchestrator")); err != nil {
		return nil, errors.Join(fmt.Errorf("orchestrator: %w", err), h.Stop(context.WithoutCancel(ctx)))
	}
	h.follow("kingdeesvc", h.Kingdee.Wait)
	h.follow("wmssvc", h.WMS.Wait)
	h.follow("orchestrator", h.Orchestrator.Wait)
	return h, nil
}

func (h *Stack) follow(name string, wait func() error) {
	h.waiters.Go(func() {
		if err := wait(); err != nil {
			h.ended <- fmt.Errorf("%s ended: %w", name, err)
		}
	})
}

// Ended gives what ended a service that was not stopped.
func (h *Stack) Ended() <-chan error { return h.ended }

// Stop ends the services: first the one that decides, then those it asks. It returns when all have ended.
func (h *Stack) Stop(ctx context.Context) error {
	var problems []error
	if h.Orchestrator != nil {
		problems = append(problems, h.Orchestrator.Stop(ctx))
	}
	if h.WMS != nil {
		problems = append(problems, h.WMS.Stop(ctx))
	}
	if h.Kingdee != nil {
		problems = append(problems, h.Kingdee.Stop(ctx))
	}
	h.waiters.Wait()
	return errors.Join(problems...)
}
