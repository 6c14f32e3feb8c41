package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// schemeName is the shipped scheme's.
const schemeName = "assembly-void"

// stack is one whole installation, fresh for each measurement.
type stack struct {
	control
	*bench
	name                             string
	vendors                          *sandboxes
	kingdeesvc, wmssvc, orchestrator *install.Process
	pool                             *pgxpool.Pool
	// settings are the orchestrator's; folder has its scheme file.
	settings map[string]string
	folder   string
	// guest: vendors and adapters are another stack's.
	guest bool
	// bills are the numbers of the bills that were there, audited, before the baseline.
	bills []string
}

// start makes the vendors with count audited bills, then the services on a database of their own, and waits for the
// baseline. incremental is the time between two incremental runs.
func (b *bench) start(ctx context.Context, name string, count int, incremental time.Duration) (s *stack, err error) {
	s = &stack{bench: b, name: name}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	if s.vendors, err = startSandboxes(ctx, b.profileOf(name, "sandboxes")); err != nil {
		return s, err
	}
	if s.control, err = newControl(s.vendors.vendorURLs); err != nil {
		return s, err
	}
	if count > 0 {
		if s.bills, err = s.control.bills(ctx, count); err != nil {
			return s, err
		}
	}
	database, err := s.database(ctx)
	if err != nil {
		return s, err
	}
	if s.kingdeesvc, err = s.service(ctx, install.RoleKingdee, s.vendors.Settings); err != nil {
		return s, err
	}
	if s.wmssvc, err = s.service(ctx, install.RoleWMS, s.vendors.Settings); err != nil {
		return s, err
	}
	return s, s.startOrchestrator(ctx, database, incremental)
}

// service starts one of the three. Only what goes wrong is shown.
func (s *stack) service(ctx context.Context, role string, settings map[string]string) (*install.Process, error) {
	env := map[string]string{profileSetting: s.profileOf(s.name, role)}
	maps.Copy(env, settings)
	return install.StartProcess(ctx, role, env, &complaints{to: os.Stderr})
}

// beside is another ledger with an orchestrator of its own, at the same vendors and adapters.
func (s *stack) beside(ctx context.Context, name string, incremental time.Duration) (other *stack, err error) {
	other = &stack{
		bench: s.bench, name: name, control: s.control, vendors: s.vendors, kingdeesvc: s.kingdeesvc,
		wmssvc: s.wmssvc, guest: true,
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, other.stop())
		}
	}()
	database, err := other.database(ctx)
	if err != nil {
		return other, err
	}
	return other, other.startOrchestrator(ctx, database, incremental)
}

func (s *stack) startOrchestrator(ctx context.Context, database string, incremental time.Duration) (err error) {
	if s.folder, err = os.MkdirTemp("", "voidrelay-bench-"); err != nil {
		return err
	}
	file := filepath.Join(s.folder, "schemes.yaml")
	if err := os.WriteFile(file, schemes(incremental), 0o600); err != nil {
		return err
	}
	s.settings = map[string]string{
		"DATABASE_URL": database, "KINGDEESVC_TARGET": s.kingdeesvc.Addrs[0],
		"WMSSVC_TARGET": s.wmssvc.Addrs[0], "SCHEMES_FILE": file,
	}
	if s.orchestrator, err = s.service(ctx, install.RoleOrchestrator, s.settings); err != nil {
		return err
	}
	s.control.orchestrator = "http://" + s.orchestrator.Addrs[1]
	return s.until(ctx, `select count(*) = 1 from watermark`)
}

// schemes is the shipped file, read at this pace, with safety limits that nothing here trips.
func schemes(incremental time.Duration) []byte {
	return fmt.Appendf(scheme.ShippedDocument(),
		"    incremental_interval: %s\n    safety_limits: {per_hour: 1000000, per_day: 10000000}\n", incremental)
}

// database makes an empty one and brings it to the newest schema. Its URL is for the orchestrator, which owns nothing;
// the pool is the owner's.
func (s *stack) database(ctx context.Context) (string, error) {
	admin, err := pgx.Connect(ctx, s.postgres.URL())
	if err != nil {
		return "", err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	name := "bench_" + s.name
	if _, err := admin.Exec(ctx, `create database `+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", err
	}
	where, err := url.Parse(s.postgres.URL())
	if err != nil {
		return "", err
	}
	where.Path = "/" + name
	if _, err := migrate.Up(ctx, where.String()); err != nil {
		return "", err
	}
	if s.pool, err = ledger.Open(ctx, where.String()); err != nil {
		return "", err
	}
	where.RawQuery += "&role=" + migrate.RunningRole
	return where.String(), nil
}

// waitTime is far more than anything here takes.
const waitTime = 2 * time.Minute

// until waits for a query to answer true.
func (s *stack) until(ctx context.Context, sql string, args ...any) error {
	return s.within(ctx, waitTime, 100*time.Millisecond, sql, args...)
}

// runUntil asks for a run and waits for a query to answer true. A run that is asked for while the one before is just
// ending counts as that one, and one that meets something else that reads the same scheme gives way: so it is asked for
// again.
func (s *stack) runUntil(ctx context.Context, every time.Duration, sql string, args ...any) error {
	for tries := 1; ; tries++ {
		if err := s.run(ctx); err != nil {
			return err
		}
		if err := s.within(ctx, waitTime/4, every, sql, args...); err == nil || tries == 4 {
			return err
		}
	}
}

// within waits for a query to answer true, asking it again and again.
func (s *stack) within(ctx context.Context, limit, every time.Duration, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		var done bool
		if err := s.pool.QueryRow(ctx, sql, args...).Scan(&done); err != nil {
			return fmt.Errorf("wait for %s: %w", sql, err)
		}
		if done {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", sql, ctx.Err())
		}
	}
}

// settled waits until so many cancellations have an outcome, or need a person.
func (s *stack) settled(ctx context.Context, count int) error {
	return s.until(ctx, `
select not exists (select from unsettled_cancellation where state in ('planned', 'open'))
    and (select count(*) from cancellation) >= $1`, count)
}

// services are our own processes, without the vendors; those that were started, callers first.
func (s *stack) services() []*install.Process {
	all := []*install.Process{s.orchestrator}
	if !s.guest {
		all = append(all, s.kingdeesvc, s.wmssvc)
	}
	return slices.DeleteFunc(all, func(p *install.Process) bool { return p == nil })
}

// stop ends everything that was started, whatever became of the context.
func (s *stack) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var problems []error
	for _, p := range s.services() {
		problems = append(problems, p.Stop(ctx))
	}
	if s.vendors != nil && !s.guest {
		problems = append(problems, s.vendors.stop())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.folder != "" {
		problems = append(problems, os.RemoveAll(s.folder))
	}
	return errors.Join(problems...)
}
