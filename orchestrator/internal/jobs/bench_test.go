package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

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

// verify looks at everything that is open, as a batch would.
func (b *bench) verify() map[int64]ledger.Verified {
	b.Helper()
	rows, err := b.pool.Query(b.Context(), `select cancellation_id from cancellation_now where state = 'open'`)
	require.NoError(b, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(b, err)
	due, err := b.store.Load(b.Context(), ids)
	require.NoError(b, err)
	require.Len(b, due, len(ids))
	standing, err := b.store.Scheme(b.Context(), "assembly-void")
	require.NoError(b, err)
	v := &push.Verifier{Store: b.store, Kingdee: b.p.kingdee, Logger: slog.New(slog.DiscardHandler), Now: b.p.now}
	holds, err := v.Run(b.Context(), b.p.registry.Entries["assembly-void"], standing.Watermark, due)
	require.NoError(b, err)
	return holds
}

// later moves the books' clock on, and with it everything that the ledger keeps of time to come.
func (b *bench) later(d time.Duration) { b.clock = b.clock.Add(d) }

// kept remembers what was put into the queue.
type kept struct{ args []river.JobArgs }

func (k *kept) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs) error {
	k.args = append(k.args, args)
	return nil
}

func (k *kept) Insert(_ context.Context, args river.JobArgs) error {
	k.args = append(k.args, args)
	return nil
}

func (k *kept) InsertOnce(_ context.Context, args river.JobArgs, _ time.Duration) error {
	k.args = append(k.args, args)
	return nil
}

// brokenAfter ends its light streams after so many pages.
type brokenAfter struct {
	*vendortest.Books
	pages int
}

func (b *brokenAfter) StreamBillStates(ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	s, err := b.Books.StreamBillStates(ctx, in, o...)
	f := s.(*vendortest.Frames[kingdeev1.StreamBillStatesResponse])
	f.List = f.List[:min(len(f.List), b.pages+1)]
	return f, err
}

// tiring answers so many whole reads and then none.
type tiring struct {
	*vendortest.Books
	left int
}

func (s *tiring) StreamAssemblyBills(ctx context.Context, in *kingdeev1.StreamAssemblyBillsRequest, o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamAssemblyBillsResponse], error) {
	if s.left--; s.left < 0 {
		return nil, errors.New("the vendor is too slow")
	}
	return s.Books.StreamAssemblyBills(ctx, in, o...)
}

const allTriggers = "triggers: [voided, un_audited, deleted]\n    un_audited: {dwell: 120s, number_reuse: true}"
