package install

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
)

// restartPause is waited before a private Postgres that died is started again, and between attempts.
const restartPause = time.Second

// DataHome is where durable things lie when no private Postgres says so: as privatepg.DefaultDir has it.
func DataHome() string {
	if os.Geteuid() == 0 {
		return "/var/lib/voidrelay"
	}
	return ".voidrelay"
}

// MemoryDir is where `voidrelay up` remembers the ledger on real vendors unless STATE_DIR says otherwise.
func MemoryDir() string {
	dir := filepath.Join(DataHome(), "memory")
	if whole, err := filepath.Abs(dir); err == nil {
		return whole
	}
	return dir
}

// Database is a migrated Postgres: one that a setting names, or a private one of our own.
type Database struct {
	url     string
	private *privatepg.Server
	logger  *slog.Logger
	cancel  context.CancelFunc
	keeper  sync.WaitGroup
}

// OpenDatabase migrates the database at url, if its role owns the ledger there or there is none yet; any other role
// finds it migrated. Without a url it starts a private Postgres first: durable in dir, or a throw-away one if dir is
// empty too. That one is used by the running role, which owns nothing.
func OpenDatabase(ctx context.Context, url, dir string, logger *slog.Logger) (*Database, error) {
	d := &Database{url: url, logger: logger}
	if url == "" {
		var err error
		if d.private, err = privatepg.Start(ctx, privatepg.Options{Dir: dir, Logger: logger}); err != nil {
			return nil, err
		}
		url, d.url = d.private.URL(), d.private.URLAs(migrate.RunningRole)
		keep, cancel := context.WithCancel(context.WithoutCancel(ctx))
		d.cancel = cancel
		d.keeper.Go(func() { d.keep(keep) })
	}
	if err := d.prepare(ctx, url); err != nil {
		_ = d.Stop(context.WithoutCancel(ctx)) // the error that matters is the migration's
		return nil, err
	}
	return d, nil
}

// prepare migrates the database at url, or makes sure that its owner has done so.
func (d *Database) prepare(ctx context.Context, url string) error {
	pool, err := ledger.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	may, err := migrate.MayMigrate(ctx, pool)
	if err != nil {
		return err
	}
	if !may {
		return migrate.Check(ctx, pool)
	}
	migrated, err := migrate.Up(ctx, url)
	if err != nil {
		return err
	}
	for _, note := range migrated.Notes {
		d.logger.WarnContext(ctx, "migration left something to do", "note", note)
	}
	return nil
}

// URL names the database for those who run, password included.
func (d *Database) URL() string { return d.url }

// Private is our own server, nil if a setting named the database.
func (d *Database) Private() *privatepg.Server { return d.private }

// Empty says whether the ledger in it has never seen a scheme.
func (d *Database) Empty(ctx context.Context) (bool, error) {
	pool, err := ledger.Open(ctx, d.url)
	if err != nil {
		return false, err
	}
	defer pool.Close()
	var empty bool
	if err := pool.QueryRow(ctx, `select not exists (select from voidrelay.scheme)`).Scan(&empty); err != nil {
		return false, fmt.Errorf("look into the ledger: %w", err)
	}
	return empty, nil
}

// keep brings the server up again when it ends by itself.
func (d *Database) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.private.Done():
		}
		d.logger.ErrorContext(ctx, "Postgres ended by itself; starting it again")
		pause := time.NewTimer(restartPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		if err := d.private.Restart(ctx); err != nil && ctx.Err() == nil {
			d.logger.ErrorContext(ctx, "Postgres did not start", "err", err)
		}
	}
}

// Stop ends a private Postgres; a throw-away one is removed.
func (d *Database) Stop(ctx context.Context) error {
	if d.private == nil {
		return nil
	}
	d.cancel()
	d.keeper.Wait()
	return d.private.Stop(ctx)
}
