package syncrun_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// givenAgain lets the id 1 show another bill, as after an older copy of Kingdee was restored: it was made at another
// moment.
func (b *living) givenAgain(no, stock string) {
	b.Helper()
	delete(b.Books.Bills, 1)
	b.Books.Fresh(1, no, stock)
}

// Rule 6 (docs/rules.md): an id that comes back with another creation date is another bill. The void of the one that
// had the id was taken for one that the other had taken back, and its order stood.
func TestAnIdWithAnotherCreationDateIsAnotherBill(t *testing.T) {
	for name, number := range map[string]string{"another number": "B5", "the same number": "A1"} {
		t.Run(name, func(t *testing.T) {
			b := setupLiving(t)
			b.Run()
			b.Books.Fresh(1, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			b.Books.Void(1)
			b.Run()
			b.Later(time.Hour)
			b.givenAgain(number, "CK002")
			b.Run()
			require.Equal(t, "-1001 WH-HZ01 open ", b.outcomes(), "nobody can take that void back any more")
			require.Equal(t, "1 WH-YW01 "+number, b.claims()[len("-1001 WH-HZ01 A1; "):])
			require.Empty(t, b.items())
			require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
			require.Equal(t, "-1001 WH-HZ01 done cancelled", b.outcomes())
			require.Equal(t, "-1001 deleted 1 1, 1 live 2 -", b.Text(`
select string_agg(concat_ws(' ', bill_id, class, generation, coalesce(former_id::text, '-')), ', ' order by bill_id)
from bill`), "the other begins a life of its own")
			require.Equal(t, "FID 1 已属另一张单据 | its id 1 is another bill's", b.Text(`
select detail || ' | ' || detail_en from reporting.bill_history where event = 'id_given_again'`))

			// It lives on its own: its void owes its order, whatever was cancelled for the former one.
			b.Later(time.Minute)
			b.Books.Void(1)
			b.Run()
			require.Equal(t, "-1001 WH-HZ01 done cancelled; 1 WH-YW01 open ", b.outcomes())
			require.Len(t, b.Verify(), 1)
		})
	}
}

// The other bill is live and has the same number and order: the void of the former one must not cancel it.
func TestAnIdOfAnotherBillWithTheSameOrderKeepsIt(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	b.Later(time.Hour)
	b.givenAgain("A1", "CK001")
	require.Empty(t, b.Verify(), "not even before a run has seen it")
	require.Equal(t, "1 WH-HZ01 open ", b.outcomes())
	b.Run()
	require.Empty(t, b.Verify())
	require.Equal(t, "-1001 WH-HZ01 withdrawn order_claimed", b.outcomes())
	require.Empty(t, b.items(), "it was made in its place")
}

// A third bill claims the order of the former one, whose cancellation is withdrawn for that. Once it lets go, the
// former one's void counts again: no read could show that bill, so that nobody looked.
func TestWhatIsOwedOfAFormerBillIsOwedAnewOnceNobodyClaimsItsOrder(t *testing.T) {
	for name, tc := range map[string]struct{ triggers, first, anew string }{
		"voided":     {"triggers: [voided]", "withdrawn order_claimed", "open "},
		"only there": {runtest.AllTriggers, "withdrawn order_claimed", "held "},
	} {
		t.Run(name, func(t *testing.T) {
			b := setupWith(t, "triggers: [voided]", tc.triggers)
			b.Books.Fresh(1, "A1", "CK001")
			b.Books.Fresh(3, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			if name == "voided" {
				b.Books.Void(1)
				b.Run()
				require.Empty(t, b.Verify())
				require.Equal(t, "1 WH-HZ01 "+tc.first, b.outcomes())
			}
			b.Later(time.Hour)
			b.givenAgain("B5", "CK002")
			b.Run()
			if name != "voided" {
				_, err := b.Acts().Operate(t.Context(), ledger.ReleaseHeld, ledger.Act{
					Scheme: "assembly-void", Actor: "li", Reason: "it is gone",
				}, ledger.CancellationFilter{Scheme: "assembly-void"}, ledger.Bounds{Max: 1})
				require.NoError(t, err)
			}
			require.Empty(t, b.Verify())
			require.Equal(t, "-1001 WH-HZ01 "+tc.first, b.outcomes())
			b.Later(time.Minute)
			b.Run()
			require.Equal(t, "-1001 WH-HZ01 "+tc.first, b.outcomes(), "it is still claimed")

			// The third bill goes to another warehouse.
			b.Books.UnAudit(3)
			b.Run()
			b.Later(time.Minute)
			b.Books.Fresh(3, "A1", "CK002")
			b.Run()
			b.Later(time.Minute)
			b.Run()
			require.Contains(t, b.outcomes(), "-1001 WH-HZ01 "+tc.anew)
			if name == "voided" {
				require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
				require.Equal(t, "-1001 WH-HZ01 done cancelled", b.outcomes())
			}
		})
	}
}

// The request of a bill is on its way when its id shows another one: what a person is to do about its answer is the
// former bill's, and not the other's.
func TestAnAnswerForABillWhoseIdShowsAnotherIsTheFormerBills(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Len(t, b.Verify(), 1)
	due, err := b.Store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	due[0].SendBefore = time.Now().Add(time.Minute)
	leased, err := b.Store.Lease(t.Context(), due, time.Minute)
	require.NoError(t, err)
	require.Len(t, leased, 1)
	b.Later(time.Hour)
	b.givenAgain("B5", "CK002")
	b.Run()
	d := leased[0]
	require.NoError(t, b.Store.StoreResults(t.Context(), []ledger.Result{{
		ID: d.ID, Attempt: d.Attempt, Scheme: d.Scheme, BillID: d.BillID, BillNo: d.BillNo,
		Answer: rule.Answer{Disposition: rule.TooLate}, SameDisposition: rule.TooLate, SameCount: 1,
		SameSince: time.Now(), Next: rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate},
	}}, func(_ ledger.Result, err error) { t.Fatal(err) }))
	require.Equal(t, "-1001 WH-HZ01 needs_attention ", b.outcomes())
	require.Equal(t, "too_late -1001 ", b.items())
}

// The former bill was live. Where deletions are acted on a person decides about its order, since no proof was asked
// for; its claim has ended in any case.
func TestAnIdOfAnotherBillDeletesTheFormerOne(t *testing.T) {
	for name, tc := range map[string]struct{ triggers, owed string }{
		"deletions are acted on": {runtest.AllTriggers, "-1001 WH-HZ01 held "},
		"they are not":           {"triggers: [voided]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := setupWith(t, "triggers: [voided]", tc.triggers)
			b.Books.Fresh(1, "A1", "CK001")
			b.Books.Fresh(2, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			b.Books.Void(2)
			b.Run()
			require.Empty(t, b.Verify())
			require.Equal(t, "2 WH-HZ01 withdrawn order_claimed", b.outcomes())
			b.Later(time.Hour)
			b.givenAgain("B5", "CK002")
			b.Run()
			require.Contains(t, b.outcomes(), tc.owed)
			b.Later(time.Second)
			b.Run()
			require.NotContains(t, b.outcomes(), "order_claimed", "nobody claims the order any longer")
			require.Equal(t, "deleted", b.Text(`select class from bill where bill_no = 'A1' and former_id = 1`))
		})
	}
}

// Another number alone is a correction, unless the bill was gone in between, or Kingdee was restored.
func TestAnotherNumberIsAnotherBillOnlyAfterTheIdWasAway(t *testing.T) {
	renumber := func(b *living) {
		b.Later(time.Minute)
		b.Books.Bills[1].Number, b.Books.Bills[1].ModifyTime = "B5", timestamppb.New(b.Clock)
		b.Run()
	}
	begin := func(t *testing.T) *living {
		b := setupLiving(t)
		b.Run()
		b.Books.Fresh(1, "A1", "CK001")
		b.Run()
		return b
	}
	t.Run("while it is there", func(t *testing.T) {
		b := begin(t)
		b.Books.UnAudit(1)
		renumber(b)
		require.Equal(t, "1 B5", b.Text(`select string_agg(bill_id || ' ' || bill_no, ', ') from bill`))
	})
	t.Run("after it was gone", func(t *testing.T) {
		b := begin(t)
		b.Later(time.Hour)
		b.proveGone(1)
		renumber(b)
		require.Equal(t, "-1001 A1, 1 B5", b.Text(`
select string_agg(bill_id || ' ' || bill_no, ', ' order by bill_id) from bill`))
	})
	t.Run("after Kingdee was restored", func(t *testing.T) {
		b := begin(t)
		b.Later(time.Hour)
		require.NoError(t, b.Acts().ResumeRestored(t.Context(), ledger.Act{
			Scheme: "assembly-void", Actor: "li", Reason: "restored",
		}, b.Clock.Add(-30*time.Minute)))
		renumber(b)
		require.Equal(t, "-1001 A1, 1 B5", b.Text(`
select string_agg(bill_id || ' ' || bill_no, ', ' order by bill_id) from bill`))
	})
}

// A person lets the scheme go on under another time zone of the server: all dates are others, and no bill is.
func TestAnotherTimeZoneMakesNoBillAnother(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	rowtest.New(t, b.Pool).Condition(rowtest.Condition{
		Kind: "scheme_stopped", Scheme: "assembly-void", Reason: rule.StopZone,
	})
	require.NoError(t, b.Acts().Resume(t.Context(), ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "the server has moved",
	}))
	b.Later(2 * time.Hour)
	bill := b.Books.Bills[1]
	for _, date := range []**timestamppb.Timestamp{&bill.CreateTime, &bill.ModifyTime, &bill.ApproveTime} {
		*date = timestamppb.New((*date).AsTime().Add(time.Hour))
	}
	b.Run()
	require.Equal(t, "1 1", b.Text(`select string_agg(bill_id || ' ' || generation, ', ') from bill`))
	b.Later(time.Minute)
	b.Books.Bills[1].CreateTime = timestamppb.New(b.Clock)
	b.Books.Bills[1].ModifyTime = timestamppb.New(b.Clock)
	b.Run()
	require.Equal(t, "-1001 1, 1 2", b.Text(`
select string_agg(bill_id || ' ' || generation, ', ' order by bill_id) from bill`), "that holds once")
}
