package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/internal/serve"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
)

const (
	// Where the sandboxes of up and run listen; demo takes free ports.
	kingdeeSandboxAddr = "127.0.0.1:7491"
	wmsSandboxAddr     = "127.0.0.1:7490"

	// stopTime bounds an orderly stop.
	stopTime = 30 * time.Second
)

// stage is an installation in this process: database, sandboxes (or none), services.
type stage struct {
	database *install.Database
	vendors  *install.Vendors
	stack    *install.Stack
	stateDir string
	// leased are the cancellations that another process, which may have been killed, had in hand at the start; until is
	// when its lease on the last of them runs out.
	leased int
	until  time.Time
	logger *slog.Logger
	tell   *teller
}

// stageOptions say what a stage is made of.
type stageOptions struct {
	install.Options
	// Throwaway: a private database in the temporary folder and sandboxes that keep nothing, on free ports.
	Throwaway bool
	// guarded: the adapters answer the orchestrator beside them alone.
	guarded bool
}

// openStage checks all settings, then starts what they ask for, unless the command found something wrong with them
// itself. On an error everything it began has been stopped.
func openStage(ctx context.Context, opts stageOptions, tell *teller, found ...error) (*stage, error) {
	if err := install.Check(opts.Options, found...); err != nil {
		return nil, err
	}
	s := &stage{logger: opts.Logger, tell: tell}
	if err := s.open(ctx, opts); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stage) open(ctx context.Context, opts stageOptions) error {
	if err := s.openDatabase(ctx, opts); err != nil {
		return err
	}
	if opts.Sandboxes {
		if err := s.openVendors(ctx, opts.Throwaway); err != nil {
			return err
		}
	}
	if !opts.Throwaway {
		if err := s.bringSchemes(ctx, opts); err != nil {
			return err
		}
	}
	if !opts.Throwaway {
		opts.Tune = s.remember(opts.Sandboxes)
	}
	var err error
	if opts.guarded {
		if opts.Adapters, err = install.MakeAdapterFiles(opts.Getenv); err != nil {
			return err
		}
	}
	if s.stack, err = install.Start(ctx, opts.Options, s.database, s.vendors); err != nil {
		return err
	}
	s.tell.say("三个服务已启动 services: kingdeesvc %s, wmssvc %s, orchestrator gRPC %s REST http://%s",
		s.stack.Kingdee.Addr(), s.stack.WMS.Addr(), s.stack.Orchestrator.GRPCAddr(), s.stack.Orchestrator.HTTPAddr())
	return nil
}

func (s *stage) openDatabase(ctx context.Context, opts stageOptions) error {
	url, dir := "", ""
	what := "临时数据库 a throw-away Postgres"
	if !opts.Throwaway {
		var err error
		if url, err = install.DatabaseURL(opts.Getenv); err != nil {
			return err
		}
		what = "DATABASE_URL"
		home := install.DataHome()
		s.stateDir = filepath.Join(home, "sandboxes-"+fingerprint(url))
		if url == "" {
			if dir, err = privatepg.DefaultDir(ctx, s.logger, "."); err != nil {
				return err
			}
			if dir, err = filepath.Abs(dir); err != nil {
				return err
			}
			what = "自带数据库 private Postgres in " + dir
			s.stateDir = dir + "-sandboxes"
		}
	}
	s.tell.say("Postgres: %s", what)
	return s.tell.during(ctx, "Postgres", func(ctx context.Context) error {
		var err error
		if s.database, err = install.OpenDatabase(ctx, url, dir, s.logger); err != nil {
			return err
		}
		s.leased, s.until, err = s.database.Leased(ctx)
		return err
	})
}

// bringSchemes applies a schemes file that changed, and says so in one line.
func (s *stage) bringSchemes(ctx context.Context, opts stageOptions) error {
	brought, err := s.database.BringSchemes(ctx, opts.Getenv, "voidrelay up")
	if err != nil {
		return fmt.Errorf("SCHEMES_FILE: %w", err)
	}
	for _, d := range brought.Changed {
		what := revision.Words(d)
		if what == "" {
			what = "新方案 new"
		}
		s.tell.say("方案文件已更改，已应用 the schemes file changed and was applied: %s 第 %d 版 revision %d (%s)", d.Scheme,
			d.NextRevision, d.NextRevision, what)
	}
	for _, name := range slices.Sorted(maps.Keys(brought.Older)) {
		s.tell.say("方案文件是旧的第 %d 版，未应用 the file has an older revision of %s, %d, and was not applied; to go back: "+
			"`voidrelay scheme apply FILE --reason …`", brought.Older[name], name, brought.Older[name])
	}
	for _, name := range slices.Sorted(maps.Keys(brought.Unsaid)) {
		s.tell.say("方案文件更改了 %s 的仓库单映射，未应用 the file names orders of %s otherwise (%s) and was not applied; say for "+
			"which bills: `voidrelay scheme apply FILE --orders corrected|from-now --reason …`", name, name,
			strings.Join(brought.Unsaid[name], ", "))
	}
	for _, name := range brought.Retired {
		s.tell.say("方案 %s 已停用，未应用 scheme %s is retired and was not applied", name, name)
	}
	return nil
}

// cancelling says what is waited for. What a killed process had sent may have arrived: it is asked for again only when
// its lease has run out.
func (s *stage) cancelling() string {
	left := time.Until(s.until)
	if s.leased == 0 || left <= 0 {
		return "取消中 cancelling"
	}
	return fmt.Sprintf("取消中；%d 笔的租约在另一个进程手里，它若已被杀掉，%d 秒后到期再处理 cancelling; another process has leases on %d: if it "+
		"was killed they are taken up in %d s",
		s.leased, int(left.Seconds())+1, s.leased, int(left.Seconds())+1)
}

func (s *stage) openVendors(ctx context.Context, throwaway bool) error {
	opts := install.VendorOptions{Seed: ksample.DefaultSeed, Logger: s.logger}
	if !throwaway {
		if err := s.matchState(ctx); err != nil {
			return err
		}
		opts.KingdeeAddr, opts.WMSAddr, opts.StateDir = kingdeeSandboxAddr, wmsSandboxAddr, s.stateDir
	}
	var err error
	if s.vendors, err = install.StartVendors(ctx, opts); err != nil {
		return err
	}
	s.tell.say("沙箱已启动 sandboxes: 金蝶 Kingdee %s, 旺店通 WMS %s", s.vendors.Kingdee.URL(), s.vendors.WMS.BaseURL())
	return nil
}

// matchState keeps ledger and sandboxes of one age: bills that the ledger knows must not be made anew under the same
// ids.
func (s *stage) matchState(ctx context.Context) error {
	empty, err := s.database.Empty(ctx)
	switch {
	case err != nil:
		return err
	case empty:
		return os.RemoveAll(s.stateDir)
	case !install.HasState(s.stateDir):
		return fmt.Errorf("the ledger remembers bills, but the sandboxes' state in %s is gone: both are reset "+
			"together; empty the database (or remove its folder) to begin anew", s.stateDir)
	}
	return nil
}

// client dials the stage's own orchestrator.
func (s *stage) client() (*install.Client, error) {
	return install.Dial(s.stack.Orchestrator.GRPCAddr(), serve.DialOptions{})
}

// wait blocks until a signal, or until a service ends by itself.
func (s *stage) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.stack.Ended():
		return err
	}
}

// close stops everything in the reverse order.
func (s *stage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var problems []error
	if s.stack != nil {
		problems = append(problems, s.stack.Stop(ctx))
	}
	if s.vendors != nil {
		problems = append(problems, s.vendors.Stop(ctx))
	}
	if s.database != nil {
		problems = append(problems, s.database.Stop(ctx))
	}
	return errors.Join(problems...)
}

// remember gives the orchestrator a folder to remember the ledger in, unless the settings name one: that of sandboxes
// goes with their state.
func (s *stage) remember(sandboxes bool) func(*orchestrator.Config) {
	folder := install.MemoryDir()
	if sandboxes {
		folder = filepath.Join(s.stateDir, "memory")
	}
	return func(cfg *orchestrator.Config) { cfg.StateDir = cmp.Or(cfg.StateDir, folder) }
}

// fingerprint names a database in a path without giving it away.
func fingerprint(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:6])
}
