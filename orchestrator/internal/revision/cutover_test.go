package revision_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/remap"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// followed is a scheme whose runs follow what is applied.
type followed struct{ *runtest.Bench }

func begin(t *testing.T) followed {
	t.Helper()
	w := followed{runtest.New(t)}
	w.Job.Registry = intake.FollowSchemes(ledger.NewSchemes(w.Pool))
	require.NoError(t, w.Job.Registry.Refresh(t.Context()))
	w.Run()
	return w
}

// revise applies the shipped scheme with other words at some places, and maps anew what that asks for.
func (w followed) revise(words ...string) {
	w.Helper()
	require.NoError(w, ledger.InTx(w.Context(), w.Pool, func(tx pgx.Tx) error {
		_, fault, err := revision.Apply(w.Context(), tx, ledger.Act{Actor: "wang", Reason: "rain"},
			revision.Proposal{Document: saying(words...)})
		require.NoError(w, fault)
		return err
	}))
	require.NoError(w, w.Job.Registry.Refresh(w.Context()))
	remapper := &remap.Remapper{
		Pool: w.Pool, Registry: w.Job.Registry, Logger: slog.New(slog.NewTextHandler(w.Output(), nil)),
	}
	require.NoError(w, remapper.Run(w.Context(), queue.RemapArgs{Scheme: shipped}))
}

// returning is what a file would say of parts that are back.
func (w followed) returning(words ...string) []ledger.ReturnedPart {
	w.Helper()
	diffs, fault, err := revision.Diff(w.Context(), w.Pool, saying(words...))
	require.NoError(w, err)
	require.NoError(w, fault)
	return diffs[0].Returned
}

// owed are the orders that are owed, with their state and why they wait.
func (w followed) owed() string {
	return w.Text(`
select coalesce(string_agg(bill_no || ' ' || warehouse_number || ' ' || state || ' ' || hold_reason, ', '
       order by bill_id, warehouse_number), '') from cancellation_now`)
}

// aMonthAgo makes all revisions older by a month.
func (w followed) aMonthAgo() {
	rowtest.New(w.T, w.Pool).Exec(`update scheme_revision set create_time = create_time - interval '31 days'`)
}

const (
	quality = "CK005: {account: default, code: WH-TH01, name: 退货质检仓}"
	outside = "CK005: {outside: true}"
)

// Rule 17 (docs/rules.md): a warehouse that says since when it counts plans what happened since, and nothing of before.
func TestAWarehouseCountsFromItsSince(t *testing.T) {
	w := begin(t)
	mapped := "CK009: {account: default, code: WH-99"
	w.revise(quality, quality+"\n      CK009: {outside: true}")
	for id, no := range []string{"A1", "A2", "A3"} {
		w.Books.Fresh(int64(id+1), no, "CK009")
	}
	w.Run()
	w.Later(time.Minute)
	w.Books.Void(1)
	w.Run()
	w.Later(time.Minute)
	since := w.Clock
	w.Later(time.Minute)
	w.Books.Void(2)
	w.Run()
	w.Later(10 * time.Minute)
	w.Run()
	require.Empty(t, w.owed(), "it is outside")

	w.revise(quality, quality+"\n      "+mapped+", since: "+since.UTC().Format(time.RFC3339)+"}")
	w.Books.Void(3)
	w.Run()
	require.Equal(t, "A2 CK009 open , A3 CK009 open ", w.owed())
	require.Equal(t, "cutover:warehouse:CK009", w.Text(`select class_reason from bill where bill_no = 'A1'`))
}

// Rule 17 (docs/rules.md): a part that is back after more than a day keeps its cutover, and what happened while it was
// away is held, with its count told before by the diff and once by a work item.
func TestAPartThatIsBackAfterAMonthHoldsWhatHappenedMeanwhile(t *testing.T) {
	w := begin(t)
	for id, no := range []string{"A1", "A2", "A3"} {
		w.Books.Fresh(int64(id+1), no, "CK005")
	}
	w.Run()
	w.Later(time.Minute)
	w.revise(quality, outside)
	w.aMonthAgo()
	w.Books.Void(1)
	w.Run()
	w.Later(time.Minute)
	w.Run()
	require.Empty(t, w.owed())
	back := w.returning()
	require.Len(t, back, 1)
	require.Equal(t, rule.Part{Kind: rule.PartWarehouse, Name: "CK005"}, back[0].Part)
	require.EqualValues(t, 1, back[0].Bills)

	w.revise()
	w.Later(time.Minute)
	w.Books.Void(2)
	w.Run()
	require.Equal(t, "A1 CK005 held part_was_away, A2 CK005 open ", w.owed())
	items := `select coalesce(string_agg(kind || ' ' || detail, ', '), '') from work_item where close_time is null`
	require.Equal(t, "part_was_away 1 笔 orders", w.Text(items))
	w.Books.Void(3)
	w.Run()
	require.Equal(t, "part_was_away 1 笔 orders", w.Text(items), "it is told once")
}

// A bill of which another order was owed while the part was away owes the part's order, too, once that is back.
func TestWhatABackPartOwesOfABillThatOwedAlready(t *testing.T) {
	w := begin(t)
	w.Books.Fresh(1, "A1", "CK001")
	lines := w.Books.Bills[1].GetEntities()[0]
	lines.Lines = append(lines.Lines,
		&kingdeev1.Line{Id: 12, MaterialNumber: "M", Quantity: "1", WarehouseNumber: "CK005"})
	w.Run()
	w.Later(time.Minute)
	w.revise(quality, outside)
	w.aMonthAgo()
	w.Books.Void(1)
	w.Run()
	w.Later(time.Minute)
	w.Run()
	require.Equal(t, "A1 CK001 open ", w.owed())
	w.revise()
	w.Run()
	require.Equal(t, "A1 CK001 open , A1 CK005 held part_was_away", w.owed())
}
