package jobs

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
)

func TestMain(m *testing.M) {
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := ledger.Migrate(ctx, url)
		return err
	}))
}

// noJobs drops successors: the test runs the next chunk itself.
type noJobs struct{}

func (noJobs) InsertTx(context.Context, pgx.Tx, river.JobArgs) error { return nil }
func (noJobs) Insert(context.Context, river.JobArgs) error           { return nil }
func (noJobs) InsertOnce(context.Context, river.JobArgs, time.Duration) error {
	return nil
}

// bench does runs over books of the test's own, on a real ledger.
type bench struct {
	*testing.T
	books *vendortest.Books
	store *store.Store
	pool  *pgxpool.Pool
	p     *runJob
	clock time.Time
}

func setup(t *testing.T) *bench {
	t.Helper()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	b := &bench{T: t, store: store.New(pool), pool: pool, clock: time.Now().Add(-3 * time.Hour).Truncate(time.Second)}
	b.books = vendortest.NewBooks(&b.clock)
	b.load("h1")
	return b
}

// load is an orchestrator's start with a scheme file of this content hash.
func (b *bench) load(hash string) {
	schemes, err := scheme.Shipped()
	require.NoError(b, err)
	revisions, err := b.store.SyncSchemes(b.Context(), []store.SchemeFile{{
		Scheme: schemes[0].Name, Title: "t", FormID: schemes[0].Form, DataCenterID: schemes[0].DataCenter, Accounts: schemes[0].Accounts(),
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: hash, Document: "d",
	}})
	require.NoError(b, err)
	logger := slog.New(slog.NewTextHandler(b.Output(), nil))
	b.p = &runJob{store: b.store, kingdee: b.books, wms: vendortest.WMS{},
		registry: intake.NewRegistry(schemes, revisions), visibility: newVisibility(), insert: noJobs{}, logger: logger, now: func() time.Time { return b.clock }}
}

func (b *bench) run() {
	b.Helper()
	require.NoError(b, b.p.run(b.Context(), queue.RunArgs{Scheme: "assembly-void", Asked: true}))
}

func (b *bench) text(sql string) (out string) {
	b.Helper()
	require.NoError(b, b.pool.QueryRow(b.Context(), sql).Scan(&out))
	return out
}

// acts does acts of persons, each as a call of its own.
func (b *bench) acts() acttest.Acts { return acttest.New(b.pool) }
