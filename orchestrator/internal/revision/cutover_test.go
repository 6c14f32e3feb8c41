package revision_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

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
	require.EqualValues(t, 1, back[0].Orders)

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

// Rule 17 (docs/rules.md): apply shows how many orders what happened in the gap owes, not how many bills ended in it.
func TestApplyShowsWhatABackPartOwesAndNotAllThatEndedMeanwhile(t *testing.T) {
	w := begin(t)
	for id, warehouse := range []string{"CK005", "CK001", "CK005"} {
		w.Books.Fresh(int64(id+1), fmt.Sprint("A", id+1), warehouse)
	}
	w.Run()
	w.Later(time.Minute)
	w.revise(quality, outside)
	w.aMonthAgo()
	w.Books.Void(1)
	w.Books.Void(2)
	w.Books.UnAudit(3)
	w.Books.Fresh(4, "A4", "CK005")
	w.Books.Void(4)
	w.Run()
	w.Later(time.Minute)
	w.Run()
	back := w.returning()
	require.Len(t, back, 1)
	require.Equal(t, []int64{1, 1}, []int64{back[0].Bills, back[0].Orders},
		"A2 is of another warehouse, nothing is owed for an un-audit, and of A4 no read has shown what it owes")
	w.revise()
	w.Run()
	require.Equal(t, "A1 CK005 held part_was_away, A2 CK001 open , A4 CK005 held part_was_away", w.owed())
}

// A bill that was deleted while the part was away is proved gone once more, and decided with that: no read shows it.
func TestADeletionWhileAPartWasAwayIsDecidedAgain(t *testing.T) {
	w := begin(t)
	w.revise("triggers: [voided]", runtest.AllTriggers)
	w.Books.Fresh(1, "A1", "CK005")
	w.Books.Fresh(2, "A2", "CK001")
	w.Run()
	w.revise("triggers: [voided]", runtest.AllTriggers, quality, outside)
	w.aMonthAgo()
	rows := rowtest.New(t, w.Pool)
	rows.Exec(`update bill set class = 'deleted', gone_time = $1, absent_since = $1`, w.Clock.Add(-24*time.Hour))
	rows.Exec(`update bill set absent_since = absent_since - interval '60 days' where bill_id = 2`)
	back := w.returning("triggers: [voided]", runtest.AllTriggers)
	require.Len(t, back, 1)
	require.EqualValues(t, 1, back[0].Orders)
	w.revise("triggers: [voided]", runtest.AllTriggers)
	require.Equal(t, "A1", w.Text(`select string_agg(bill_no, ', ') from bill where reread_time is not null`))
}

// told are the bills that people were told of because they ended before the cutover of a part.
const told = `
select coalesce(string_agg(subject || ' ' || detail || case when open then '' else ' closed' end, ', '
       order by work_item_id), '') from reporting.work_item where kind = 'before_cutover'`

// Rule 17 (docs/rules.md): a bill that was known live never falls before a cutover without a work item.
func TestABillKnownLiveThatEndedBeforeANewPartIsTold(t *testing.T) {
	w := begin(t)
	w.revise(quality, quality+"\n      CK009: {outside: true}")
	for id, warehouse := range []string{"CK009", "CK001", "CK009", "CK009"} {
		w.Books.Fresh(int64(id+1), fmt.Sprint("A", id+1), warehouse)
	}
	w.Run()
	w.Later(time.Minute)
	w.Books.Void(1)
	w.Books.Void(2)
	w.Run()
	w.Later(time.Minute)
	w.Run()
	require.Empty(t, w.Text(told))
	w.Books.Void(3) // nobody has read that yet
	w.Books.Bills[3].CancelTime = timestamppb.New(w.Clock.Add(-40 * time.Second))
	mapped := quality + "\n      CK009: {account: default, code: WH-99}"
	w.revise(quality, mapped)
	require.Equal(t, "warehouse:CK009 A1", w.Text(told), "A2 owes nothing through it")
	w.Run()
	require.Equal(t, "warehouse:CK009 A1, A3", w.Text(told))
	require.Equal(t, "需人工", w.Text(`select verdict from reporting.bill_verdict where bill_no = 'A1'`))
	require.Equal(t, "A2 CK001 open ", w.owed())

	item, err := strconv.ParseInt(w.Text(`select max(work_item_id)::text from work_item`), 10, 64)
	require.NoError(t, err)
	_, err = w.Acts().CloseWorkItems(t.Context(),
		ledger.Act{Scheme: shipped, Actor: "li", Reason: "they were stopped by hand"}, []int64{item}, false)
	require.NoError(t, err)
	w.Later(time.Minute)
	w.Books.Bills[3].ModifyTime = timestamppb.New(w.Clock)
	w.Books.Void(4)
	w.Run()
	require.Equal(t, "warehouse:CK009 A1, A3 closed", w.Text(told), "who has accepted it is not told again")
	require.Equal(t, "A2 CK001 open , A4 CK009 open ", w.owed())
}

// Of a scheme that names no organisation any longer all others are one part.
func TestBillsKnownLiveOfAllOrganisationsAreToldOnce(t *testing.T) {
	w := begin(t)
	w.revise("organisations: []", "organisations: [\"200\"]")
	w.Books.Fresh(1, "A1", "CK001")
	w.Run()
	w.Later(time.Minute)
	w.Books.Void(1)
	w.Run()
	w.Later(time.Minute)
	w.Run()
	require.Empty(t, w.Text(told))
	rowtest.New(t, w.Pool).Exec(`delete from scheme_revision where revision = 1`) // the scheme never had it
	w.revise()
	require.Equal(t, "organisation:* A1", w.Text(told))
	w.Later(time.Minute)
	w.Books.Bills[1].ModifyTime = timestamppb.New(w.Clock)
	w.Run()
	require.Equal(t, "cutover:organisation:100", w.Text(`select class_reason from bill`))
	require.Equal(t, "organisation:* A1", w.Text(told))
	require.Empty(t, w.owed())
}

func TestABillKnownLiveThatWasUnAuditedBeforeItsTriggerCameIsTold(t *testing.T) {
	w := begin(t)
	w.Books.Fresh(1, "A1", "CK001")
	w.Books.Fresh(2, "A2", "CK001")
	w.Run()
	w.Later(time.Minute)
	w.Books.UnAudit(1)
	w.Run()
	w.Later(time.Minute)
	w.Run()
	w.revise("triggers: [voided]", runtest.AllTriggers)
	require.Equal(t, "trigger:un_audited A1", w.Text(told))
	w.Later(time.Minute)
	w.Books.UnAudit(2)
	w.Run()
	require.Equal(t, "A2 CK001 open ", w.owed())
	require.Equal(t, "trigger:un_audited A1", w.Text(told))
}

// Rule 17 (docs/rules.md): a scheme that was retired and is taken up again is a part that is back.
func TestASchemeThatIsTakenUpAgainHoldsWhatHappenedMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		days int
		want string
	}{
		"after a month":      {31, "A1 CK001 held part_was_away, A2 CK001 held part_was_away, A3 CK001 open "},
		"within twenty-four": {0, "A1 CK001 open , A2 CK001 open , A3 CK001 open "},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			w.revise("triggers: [voided]", runtest.AllTriggers)
			for id := int64(1); id <= 3; id++ {
				w.Books.Fresh(id, fmt.Sprint("A", id), "CK001")
			}
			w.Run()
			_, err := w.Acts().Retire(t.Context(),
				ledger.Act{Scheme: shipped, Actor: "wang", Reason: "the books are moved"}, false)
			require.NoError(t, err)
			rowtest.New(t, w.Pool).Exec(`update scheme set retire_time = retire_time - make_interval(days => $1)`,
				tc.days)
			w.Books.Void(1)
			w.Books.UnAudit(2)
			diffs, fault, err := revision.Diff(t.Context(), w.Pool, saying("triggers: [voided]", runtest.AllTriggers))
			require.NoError(t, errors.Join(err, fault))
			require.Equal(t, ledger.ChangeReturned, diffs[0].Change)
			require.Equal(t, tc.days > 0, !diffs[0].AwaySince.IsZero(), "what apply shows")
			w.revise("triggers: [voided]", runtest.AllTriggers)
			w.Run()
			w.Later(2 * time.Hour)
			w.Books.Void(3)
			w.Run()
			require.Equal(t, tc.want, w.owed())
		})
	}
}
