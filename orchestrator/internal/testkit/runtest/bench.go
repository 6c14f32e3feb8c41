package runtest

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
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/syncrun"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Main runs the tests of a package, with a migrated ledger for each that asks for one; it answers the exit status.
func Main(m *testing.M) int {
	return storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	})
}

// NoJobs drops successors: the test runs the next chunk itself.
type NoJobs struct{}

func (NoJobs) InsertTx(context.Context, pgx.Tx, river.JobArgs) error { return nil }
func (NoJobs) Insert(context.Context, river.JobArgs) error           { return nil }
func (NoJobs) InsertOnce(context.Context, river.JobArgs, time.Duration) error {
	return nil
}

// Bench does runs over books of the test's own, on a real ledger.
type Bench struct {
	*testing.T
	Books *vendortest.Books
	Store *rooms.All
	Pool  *pgxpool.Pool
	Job   *syncrun.Job
	Clock time.Time
}

// New is a bench on a database of its own, three hours ago, before the baseline.
func New(t *testing.T) *Bench {
	t.Helper()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	b := &Bench{T: t, Store: rooms.New(pool), Pool: pool, Clock: time.Now().Add(-3 * time.Hour).Truncate(time.Second)}
	b.Books = vendortest.NewBooks(&b.Clock)
	b.Load("h1")
	return b
}

// Load is an orchestrator's start with a scheme file of this content hash.
func (b *Bench) Load(hash string) {
	schemes, err := scheme.Shipped()
	require.NoError(b, err)
	revisions, err := b.Acts().ApplySchemes(b.Context(), operate.SchemeFile{
		Scheme: schemes[0].Name, Title: "t", FormID: schemes[0].Form, DataCenterID: schemes[0].DataCenter,
		Accounts:        schemes[0].Accounts(),
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: hash,
		Document: schemes[0].Document(),
	})
	require.NoError(b, err)
	logger := slog.New(slog.NewTextHandler(b.Output(), nil))
	b.Job = &syncrun.Job{Store: b.Store, Kingdee: b.Books, WMS: vendortest.WMS{},
		Registry: intake.NewRegistry(schemes, revisions), Visibility: syncrun.NewVisibility(), Insert: NoJobs{},
		Logger: logger, Now: func() time.Time { return b.Clock }}
}

// Put lets runs follow what this scheme says, as if it were the revision that the ledger has.
func (b *Bench) Put(e intake.Entry) {
	b.Helper()
	b.Job.Registry.Put(e)
	parts, err := scheme.PartsOf(e.Document())
	require.NoError(b, err)
	names := map[rule.PartKind][]string{rule.PartTrigger: {}, rule.PartOrganisation: {}}
	for _, part := range parts {
		if part.Name != rule.Everything {
			names[part.Kind] = append(names[part.Kind], part.Name)
		}
	}
	_, err = b.Pool.Exec(b.Context(), `update scheme set triggers = $2, organisations = $3 where scheme = $1`,
		e.Name, names[rule.PartTrigger], names[rule.PartOrganisation])
	require.NoError(b, err)
}

// Run does an incremental run, or the baseline, that a person asked for.
func (b *Bench) Run() {
	b.Helper()
	require.NoError(b, b.Job.Run(b.Context(), queue.RunArgs{Scheme: "assembly-void", Asked: true}))
}

// Text is the one text that a query answers.
func (b *Bench) Text(sql string) (out string) {
	b.Helper()
	require.NoError(b, b.Pool.QueryRow(b.Context(), sql).Scan(&out))
	return out
}

// Acts does acts of persons, each as a call of its own.
func (b *Bench) Acts() acttest.Acts { return acttest.New(b.Pool) }

// Verify looks at everything that is open, as a batch would.
func (b *Bench) Verify() map[int64]ledger.Verified {
	b.Helper()
	rows, err := b.Pool.Query(b.Context(), `select cancellation_id from unsettled_cancellation where state = 'open'`)
	require.NoError(b, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(b, err)
	due, err := b.Store.Load(b.Context(), ids)
	require.NoError(b, err)
	require.Len(b, due, len(ids))
	standing, err := b.Store.Scheme(b.Context(), "assembly-void")
	require.NoError(b, err)
	v := &push.Verifier{Store: b.Store, Kingdee: b.Job.Kingdee, Logger: slog.New(slog.DiscardHandler), Now: b.Job.Now}
	e, _ := b.Job.Registry.Entry("assembly-void")
	holds, err := v.Run(b.Context(), e, standing.Watermark, due)
	require.NoError(b, err)
	return holds
}

// Later moves the books' clock on, and with it everything that the ledger keeps of time to come.
func (b *Bench) Later(d time.Duration) { b.Clock = b.Clock.Add(d) }

// Kept remembers what was put into the queue.
type Kept struct{ Args []river.JobArgs }

func (k *Kept) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs) error {
	k.Args = append(k.Args, args)
	return nil
}

func (k *Kept) Insert(_ context.Context, args river.JobArgs) error {
	k.Args = append(k.Args, args)
	return nil
}

func (k *Kept) InsertOnce(_ context.Context, args river.JobArgs, _ time.Duration) error {
	k.Args = append(k.Args, args)
	return nil
}

// BrokenAfter ends its light streams after so many pages.
type BrokenAfter struct {
	*vendortest.Books
	Pages int
}

func (b *BrokenAfter) StreamBillStates(ctx context.Context, in *kingdeev1.StreamBillStatesRequest,
	o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	s, err := b.Books.StreamBillStates(ctx, in, o...)
	f := s.(*vendortest.Frames[kingdeev1.StreamBillStatesResponse])
	f.List = f.List[:min(len(f.List), b.Pages+1)]
	return f, err
}

// Tiring answers so many whole reads and then none.
type Tiring struct {
	*vendortest.Books
	Left int
}

func (s *Tiring) StreamBills(ctx context.Context, in *kingdeev1.StreamBillsRequest,
	o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	if s.Left--; s.Left < 0 {
		return nil, errors.New("the vendor is too slow")
	}
	return s.Books.StreamBills(ctx, in, o...)
}

// AllTriggers is what the shipped scheme says of triggers, with all of them on.
const AllTriggers = "triggers: [voided, un_audited, deleted]\n    un_audited: {dwell: 120s}\n    number_reuse: same"
