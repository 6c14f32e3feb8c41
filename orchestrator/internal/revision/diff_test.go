package revision_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

const shipped = "assembly-void"

type bench struct {
	*testing.T
	pool *pgxpool.Pool
	rows rowtest.DB
}

// setup is a ledger to which the shipped file was applied, and a scheme "other" with it, in another account.
func setup(t *testing.T) *bench {
	t.Parallel()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	b := &bench{T: t, pool: pool, rows: rowtest.New(t, pool)}
	b.load(saying() + strings.NewReplacer(shipped, "other", "account: default", "account: second").Replace(
		strings.SplitN(saying(), "schemes:\n", 2)[1]))
	return b
}

// load applies a file.
func (b *bench) load(document string) []ledger.SchemeDiff {
	b.Helper()
	applied, err := b.apply(revision.Proposal{Document: document})
	require.NoError(b, err)
	return applied
}

// apply applies a proposal, as wang, because of rain.
func (b *bench) apply(p revision.Proposal) (applied []ledger.SchemeDiff, err error) {
	b.Helper()
	err = ledger.InTx(b.Context(), b.pool, func(tx pgx.Tx) error {
		var fault error
		applied, fault, err = revision.Apply(b.Context(), tx, ledger.Act{Actor: "wang", Reason: "rain"}, p)
		require.NoError(b, fault)
		return err
	})
	return applied, err
}

// read gives the shipped scheme a watermark in this environment.
func (b *bench) read(environment string) {
	b.rows.Exec(`
insert into watermark (scheme, watermark_time, data_center_id, environment, time_zone, effective_from, last_run_time,
    last_run_rows)
values ($1, now(), '6040d4f5a1b2c3', $2, 'Asia/Shanghai', now(), now(), 1)`, shipped, environment)
}

// of is what a file would do, by scheme.
func (b *bench) of(document string) map[string]ledger.SchemeDiff {
	b.Helper()
	diffs, fault, err := revision.Diff(b.Context(), b.pool, document)
	require.NoError(b, err)
	require.NoError(b, fault)
	found := map[string]ledger.SchemeDiff{}
	for _, p := range diffs {
		found[p.Scheme] = p
	}
	require.Len(b, found, len(diffs))
	return found
}

// saying is the shipped file with other words at some places: old, new, old, new.
func saying(words ...string) string {
	return strings.NewReplacer(words...).Replace(string(scheme.ShippedDocument()))
}

func TestAFileThatChangesNothingSaysSo(t *testing.T) {
	b := setup(t)
	b.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Scheme: shipped})
	b.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", Scheme: shipped, State: "open"})
	require.Equal(t, map[string]ledger.SchemeDiff{
		shipped: {Scheme: shipped, Change: ledger.ChangeNone, Revision: 1, NextRevision: 1, OpenCancellations: 1},
		"other": {Scheme: "other", Change: ledger.ChangeAbsent, Revision: 1, NextRevision: 1},
	}, b.of(saying("# 退货质检仓", "# a comment is no change")))
	require.Equal(t, "1 h", b.rows.Text(`select count(distinct revision) || ' h' from scheme_revision`),
		"nothing is stored")
}

func TestAFileThatAddsAndRemoves(t *testing.T) {
	b := setup(t)
	b.read("sandbox")
	found := b.of(saying("triggers: [voided]", "triggers: [voided, deleted]", "CK005:", "CK006:",
		"order_code: bill.number", `order_code: '"X" + bill.number'`,
		"order_code: ZZ", "order_code: XZZ"))
	p := found[shipped]
	require.Equal(t, ledger.ChangeRevised, p.Change, p.Refusal)
	require.EqualValues(t, 2, p.NextRevision)
	require.Equal(t, []rule.Part{{Kind: rule.PartTrigger, Name: "deleted"}, {Kind: rule.PartWarehouse, Name: "CK006"}},
		p.Added)
	require.Equal(t, []rule.Part{{Kind: rule.PartWarehouse, Name: "CK005"}}, p.Removed)
	require.Contains(t, p.ChangedKeys, "orders.Assembly.in.order_code")
}

func TestAFileThatWouldBeRefused(t *testing.T) {
	b := setup(t)
	other := saying("6040d4f5a1b2c3", "7040d4f5a1b2c3")
	require.Equal(t, ledger.ChangeRevised, b.of(other)[shipped].Change, "it has read nothing yet")
	b.read("real")
	p := b.of(other)[shipped]
	require.Equal(t, ledger.ChangeRefused, p.Change)
	require.Contains(t, p.Refusal, "6040d4f5a1b2c3")
	require.EqualValues(t, 1, p.NextRevision)

	p = b.of(saying("backoff: 1s", "backoff: 2s"))[shipped]
	require.Equal(t, ledger.ChangeRefused, p.Change, "its books are real, the file is for sandboxes only")
}

// retire ends a scheme.
func (b *bench) retire(name string) {
	b.Helper()
	require.NoError(b, ledger.InTx(b.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := operate.Retire(b.Context(), tx, ledger.Act{Scheme: name, Actor: "wang", Reason: "over"}, false)
		return err
	}))
}

func TestASchemeThatIsRetired(t *testing.T) {
	b := setup(t)
	b.retire("other")
	require.NotContains(t, b.of(saying()), "other")
	third := b.of(saying(shipped, "third", "account: default", "account: second"))["third"]
	require.Equal(t, ledger.ChangeNew, third.Change)
	back := b.of(saying(shipped, "other", "account: default", "account: second"))["other"]
	require.Equal(t, ledger.ChangeReturned, back.Change, "it would read and send again")
	require.EqualValues(t, 1, back.NextRevision)
	back = b.of(saying(shipped, "other", "account: default", "account: second", "backoff: 1s", "backoff: 2s"))["other"]
	require.Equal(t, ledger.ChangeReturned, back.Change)
	require.EqualValues(t, 2, back.NextRevision)
	require.Equal(t, []string{"timing.backoff"}, back.ChangedKeys)
}

func TestAFileWithAMistake(t *testing.T) {
	b := setup(t)
	_, fault, err := revision.Diff(t.Context(), b.pool, saying("order_type: QTRK", "order_typ: QTRK"))
	require.NoError(t, err)
	require.ErrorContains(t, fault, "order_typ")
}
