package migrate

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateLock is the key of the advisory lock that keeps two migrators apart, ours and River's tables alike.
const migrateLock = 0x766f6964 // "void"

// Migrated is what a migration came to.
type Migrated struct {
	Views []string // the report views that were made, replaced or made anew
	Notes []string // what could not be done, with the statement that would do it, for an operator
}

// Up is UpFor the roles with the default's names.
func Up(ctx context.Context, url string) (Migrated, error) { return UpFor(ctx, url, Roles{}) }

// UpFor brings the database at url to the newest schema: our tables, the report views, River's tables (same
// schema), the partitions of the evidence and, where allowed, the two roles with their rights. Safe to run any
// number of times and by several at once. Whoever runs it first owns the ledger, and nobody else may run it
// later (ErrNotOwner). A database that is not in UTF8, or whose tables another build made under the same version, is
// refused before anything is changed.
func UpFor(ctx context.Context, url string, roles Roles) (done Migrated, err error) {
	if err := roles.Check(); err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	pool, err := ledger.Open(ctx, url)
	if err != nil {
		return done, err
	}
	defer pool.Close()
	note, err := checkEncoding(ctx, pool)
	if err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	if err := checkOwner(ctx, pool); err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	lock, err := pool.Acquire(ctx)
	if err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	defer lock.Release()
	if _, err := lock.Exec(ctx, `select pg_advisory_lock($1)`, migrateLock); err != nil {
		return done, fmt.Errorf("migrate: lock: %w", err)
	}
	defer func() {
		unlock, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = lock.Exec(unlock, `select pg_advisory_unlock($1)`, migrateLock)
	}()
	if _, err := lock.Exec(ctx, `create schema if not exists `+ledger.Schema); err != nil {
		return done, fmt.Errorf("migrate: create schema: %w", err)
	}
	if err := migrateOurs(ctx, pool); err != nil {
		return done, err
	}
	if err := writeConditionKinds(ctx, pool); err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	if err := writeVerdicts(ctx, pool); err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	if done.Views, err = makeViews(ctx, pool, reporting); err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	if err := migrateRiver(ctx, pool); err != nil {
		return done, err
	}
	if err := ledger.EnsurePartitions(ctx, pool); err != nil {
		return done, err
	}
	done.Notes, err = roles.grant(ctx, pool)
	if note != "" {
		done.Notes = append(done.Notes, note)
	}
	return done, err
}

func migrateOurs(ctx context.Context, pool *pgxpool.Pool) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := gooseProvider(db)
	if err != nil {
		return err
	}
	applied, err := checkNotNewer(ctx, provider)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := checkBuild(ctx, pool, applied); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := keepFingerprints(ctx, pool, applied); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// checkNotNewer refuses a database whose tables this program does not know, before the views are taken back to what
// this program knows. It answers the version that was applied last, 0 for none.
func checkNotNewer(ctx context.Context, provider *goose.Provider) (there int64, err error) {
	there, known, err := provider.GetVersions(ctx)
	if err != nil {
		return 0, err
	}
	if there > known {
		return 0, fmt.Errorf("the database is newer than this program (schema version %[1]d, this program knows "+
			"%[2]d): use the program that made it; 数据库版本（%[1]d）比本程序（%[2]d）新，请使用建立它的程序", there, known)
	}
	return there, nil
}

// checkBuild refuses a database whose tables another build made.
func checkBuild(ctx context.Context, pool *pgxpool.Pool, applied int64) error {
	other, err := otherBuild(ctx, pool, applied)
	if err == nil && other {
		err = errOtherBuild
	}
	return err
}

func gooseProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	versions, err := database.NewStore(goose.DialectPostgres, ledger.Schema+".schema_version")
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider("", db, files, goose.WithStore(versions))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return provider, nil
}

func migrateRiver(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: ledger.Schema})
	if err != nil {
		return fmt.Errorf("migrate river: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate river: %w", err)
	}
	return nil
}

// Check refuses a database that was never migrated, that is older or newer than this program, whose tables or report
// views are another program's, or where this role has not the rights that it needs. It writes nothing there.
func Check(ctx context.Context, pool *pgxpool.Pool) error {
	if err := checkRights(ctx, pool); err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	var migrated bool
	if err := pool.QueryRow(ctx, `select to_regclass($1) is not null`,
		ledger.Schema+".schema_version").Scan(&migrated); err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if !migrated {
		return errors.New(
			"the database has no ledger yet: run `voidrelay migrate` first; 数据库尚未初始化，请先运行 voidrelay migrate",
		)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := gooseProvider(db)
	if err != nil {
		return err
	}
	applied, err := checkNotNewer(ctx, provider)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if err := checkBuild(ctx, pool, applied); err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if pending {
		return errors.New("the database is older than this program: run `voidrelay migrate` first; 数据库版本较旧，请先运行 " +
			"voidrelay migrate")
	}
	differ, err := viewsDiffer(ctx, pool, reporting)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if !differ {
		if differ, err = verdictsDiffer(ctx, pool); err != nil {
			return fmt.Errorf("check schema: %w", err)
		}
	}
	if !differ {
		if differ, err = conditionKindsDiffer(ctx, pool); err != nil {
			return fmt.Errorf("check schema: %w", err)
		}
	}
	if differ {
		return errors.New("the report views of the database are not those of this program: run `voidrelay migrate` " +
			"first; 数据库中的报表视图与本程序不符，请先运行 voidrelay migrate")
	}
	return nil
}
