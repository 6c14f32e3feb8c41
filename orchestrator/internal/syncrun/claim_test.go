package syncrun_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// outcomes are the cancellations, each with the bill it is for, its state and why it ended.
func (b *living) outcomes() string {
	b.Helper()
	return b.Text(`select coalesce(string_agg(bill_id || ' ' || warehouse_code || ' ' || state || ' ' || outcome, '; '
       order by bill_id, cancellation_id), '') from cancellation_now`)
}

// items are the open work items, each with its bill and what it names.
func (b *living) items() string {
	b.Helper()
	return b.Text(`select coalesce(string_agg(kind || ' ' || bill_id || ' ' || subject, '; '
       order by bill_id, kind), '') from work_item where close_time is null`)
}

// claims are the orders that bills claim.
func (b *living) claims() string {
	b.Helper()
	return b.Text(`select coalesce(string_agg(bill_id || ' ' || warehouse_code || ' ' || order_code, '; '
       order by bill_id, warehouse_code, order_code), '') from claim join warehouse_order using (order_id)`)
}

func TestABillClaimsTheOrdersThatItsSnapshotMapsTo(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	require.Equal(t, "1 WH-HZ01 A1", b.claims())
	b.Later(time.Minute)
	b.Books.UnAudit(1)
	b.Run()
	require.Equal(t, "1 WH-HZ01 A1", b.claims(), "an un-audited bill keeps its claims")

	// Edited: it is another warehouse's now.
	b.Later(time.Minute)
	b.Books.Fresh(1, "A1", "CK002")
	b.Run()
	require.Equal(t, "1 WH-YW01 A1", b.claims())
}

// F2: A was voided and deleted, its number given to B. B's order was cancelled for A in the moments in which B was
// edited, and nobody was told.
func TestABillThatIsUnAuditedAtThatMomentKeepsItsOrder(t *testing.T) {
	b := setupWith(t, "triggers: [voided]", "triggers: [voided, deleted]")
	b.Job.Kingdee = &goneBooks{Books: b.Books, answer: notFound}
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	b.Later(time.Hour)
	delete(b.Books.Bills, 1)
	b.proveGone(1)
	b.Books.Fresh(2, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.UnAudit(2)
	require.Empty(t, b.Verify())
	require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
	require.Empty(t, b.items(), "the bill that was made in its place was to be expected")
	b.Run()
	b.Later(time.Minute)
	b.Run()
	require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
}

// F5: B carries A's number and stands in another warehouse. A's order stood, with the verdict that there was nothing to
// cancel, and nobody was told.
func TestALiveBillOfTheNumberInAnotherWarehouseIsNoObstacle(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Fresh(2, "A1", "CK002")
	b.Run()
	require.Len(t, b.Verify(), 1)
	require.Equal(t, "1 WH-HZ01 open ", b.outcomes())
	require.Equal(t, "1 WH-HZ01 A1; 2 WH-YW01 A1", b.claims())
}

// Two organisations that number alike: the void of one withdrew itself because of the other.
func TestTwoOrganisationsThatNumberAlikeAreNoObstacle(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "A1", "CK002")
	b.Books.Bills[2].OrgNumber = "200"
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Len(t, b.Verify(), 1)
	require.Equal(t, "1 WH-HZ01 open ", b.outcomes())
}

// A bill of the number that the ledger has never seen: it is older than what a baseline reads, or was made a second
// ago, or belongs to another organisation.
func TestABillOfTheNumberThatTheLedgerNeverSawIsReadWholeBeforeAnythingLeaves(t *testing.T) {
	for name, unseen := range map[string]func(*vendortest.Books){
		"made a second ago": func(k *vendortest.Books) { k.Fresh(2, "A1", "CK001") },
		"older than 90 days": func(k *vendortest.Books) {
			k.Fresh(2, "A1", "CK001")
			aged(k.Bills[2], k.Clock.Add(-200*24*time.Hour))
		},
		"of an organisation that the scheme does not name": func(k *vendortest.Books) {
			k.Fresh(2, "A1", "CK001")
			k.Bills[2].OrgNumber = "999"
			aged(k.Bills[2], k.Clock.Add(-200*24*time.Hour))
		},
		"un-audited since before we came": func(k *vendortest.Books) {
			k.Fresh(2, "A1", "CK001")
			k.Bills[2].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT
			aged(k.Bills[2], k.Clock.Add(-200*24*time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("before the run's own request", func(t *testing.T) {
				b := setupLiving(t)
				b.Run()
				b.Books.Fresh(1, "A1", "CK001")
				b.Run()
				b.Later(time.Minute)
				b.Books.Void(1)
				unseen(b.Books)
				b.Run()
				due, err := b.Store.Load(t.Context(), []int64{1})
				require.NoError(t, err)
				require.True(t, due[0].NeedsRead, "it is sent without another read, as its run saw it")
				due[0].SendBefore = time.Now().Add(time.Minute)
				leased, err := b.Store.Lease(t.Context(), due, time.Minute)
				require.NoError(t, err)
				require.Empty(t, leased, "the order of a bill that was never looked at is cancelled")
			})
			t.Run("before a later one", func(t *testing.T) {
				b := setupLiving(t)
				b.Run()
				b.Books.Fresh(1, "A1", "CK001")
				b.Run()
				b.Later(time.Minute)
				b.Books.Void(1)
				b.Run()
				unseen(b.Books)
				require.Empty(t, b.Verify())
				require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
				require.Equal(t, "1 WH-HZ01 A1; 2 WH-HZ01 A1", b.claims())
				require.Equal(t, "order_claimed 1 A1", b.items())
			})
		})
	}
}

// aged lets a bill look as if nothing had happened to it for long.
func aged(b *kingdeev1.Bill, at time.Time) {
	b.CreateTime, b.ModifyTime, b.ApproveTime = timestamppb.New(at), timestamppb.New(at), timestamppb.New(at)
}

// order_code comes from a note that two bills share. One is voided; the order of the other was cancelled, and nobody
// was told.
func TestAnOrderCodeFromASharedNoteIsTheLiveBills(t *testing.T) {
	b := setupWith(t, "order_code: bill.number",
		`order_code: 'bill.note == "" ? bill.number : bill.note'`)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "B7", "CK001")
	b.Books.Bills[1].Note, b.Books.Bills[2].Note = "PO-77", "PO-77"
	b.Run()
	require.Equal(t, "1 WH-HZ01 PO-77; 2 WH-HZ01 PO-77", b.claims())
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Empty(t, b.Verify())
	require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
	require.Equal(t, "order_claimed 1 B7", b.items(), "somebody must hear of it")
}

func TestACancellationIsOwedAgainOnceNobodyClaimsItsOrder(t *testing.T) {
	for name, free := range map[string]func(*vendortest.Books){
		"the other is voided": func(k *vendortest.Books) { k.Void(2) },
		"the other is audited anew, in another warehouse": func(k *vendortest.Books) {
			k.Fresh(2, "A1", "CK002")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setupLiving(t)
			b.Run()
			b.Books.Fresh(1, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			b.Books.Void(1)
			b.Books.Fresh(2, "A1", "CK001")
			b.Run()
			require.Empty(t, b.Verify())
			require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
			b.Later(time.Minute)
			b.Run()
			require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes(),
				"it is not decided anew while the order is claimed")
			require.NotEmpty(t, b.items())

			free(b.Books)
			b.Run()
			b.Later(time.Second)
			b.Run()
			require.Contains(t, b.outcomes(), "1 WH-HZ01 open")
			require.Len(t, b.Verify(), 1, "the order is sent once, whoever is voided")
			require.NotContains(t, b.items(), "order_claimed", "what was told is settled")
		})
	}
}

// What the other bill's un-audit takes away, or its new number, was not made anew: the order is still that bill's.
func TestAClaimOutlivesAnUnAuditAndAnotherNumber(t *testing.T) {
	for name, change := range map[string]func(*vendortest.Books){
		"un-audited": func(k *vendortest.Books) { k.UnAudit(2) },
		"renumbered": func(k *vendortest.Books) {
			k.Bills[2].Number, k.Bills[2].ModifyTime = "A9", timestamppb.New(*k.Clock)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setupLiving(t)
			b.Run()
			b.Books.Fresh(1, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			b.Books.Void(1)
			b.Books.Fresh(2, "A1", "CK001")
			b.Run()
			require.Empty(t, b.Verify())
			change(b.Books)
			for range 3 {
				b.Later(time.Minute)
				b.Run()
			}
			require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
		})
	}
}

// The claimant cannot be found in Kingdee and is not proved gone: nothing is sent, nothing is held, and after half an
// hour a person hears of it by name.
func TestAClaimThatCannotBeConfirmedWaitsOpenAndIsTold(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	hidden := b.Books.Bills[2]
	delete(b.Books.Bills, 2)
	require.Empty(t, b.Verify())
	require.Equal(t, "1 WH-HZ01 open ", b.outcomes())
	require.Equal(t, "true", b.Text(`
select (due_time > now() + interval '9 minutes')::text from unsettled_cancellation`))
	require.Empty(t, b.items())
	_, err := b.Pool.Exec(t.Context(),
		`update unsettled_cancellation set claimed_since = claimed_since - interval '31 minutes'`)
	require.NoError(t, err)
	require.Empty(t, b.Verify())
	require.Equal(t, "claim_unconfirmed 1 A1", b.items())

	// It is shown again, and is voided: the run that reads it makes the other due, which is sent.
	b.Later(time.Minute)
	b.Books.Bills[2] = hidden
	b.Books.Void(2)
	b.Run()
	require.Equal(t, "true", b.Text(`select (due_time <= now())::text from unsettled_cancellation where bill_id = 1`))
	require.Contains(t, b.Verify(), int64(1))
	require.Empty(t, b.items())
}

// The claim of a bill that is gone ends once Kingdee itself has said so.
func TestTheClaimOfABillThatIsGoneEnds(t *testing.T) {
	b := setupWith(t, "triggers: [voided]", runtest.AllTriggers)
	b.Job.Kingdee = &goneBooks{Books: b.Books, answer: notFound}
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Empty(t, b.Verify())
	require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
	b.Later(time.Hour)
	delete(b.Books.Bills, 2)
	b.proveGone(2)
	b.Run()
	b.Later(time.Second)
	b.Run()
	require.Contains(t, b.outcomes(), "1 WH-HZ01 open")
}

// A test copy of the data centre watches in dry run and knows the same bills as live.
func TestADryRunOnATestCopyDoesNotBlockProduction(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	_, err := b.Pool.Exec(t.Context(), `
insert into scheme (scheme, title, form_id, data_center_id, wms_accounts, revision, incremental_millis, mode)
select 'copy', 'copy', form_id, 'copy of ' || data_center_id, wms_accounts, 1, incremental_millis, 'dry_run'
from scheme`)
	require.NoError(t, err)
	_, err = b.Pool.Exec(t.Context(), `
insert into bill select (jsonb_populate_record(b, '{"scheme": "copy"}')).* from bill b;
insert into claim select (jsonb_populate_record(k, '{"scheme": "copy"}')).* from claim k`)
	require.NoError(t, err)
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Len(t, b.Verify(), 1)
	require.Equal(t, "1 WH-HZ01 open ", b.outcomes())

	_, err = b.Pool.Exec(t.Context(), `update scheme set mode = 'send'`)
	require.NoError(t, err)
	require.Empty(t, b.Verify(), "two that both send respect each other")
	require.Equal(t, "1 WH-HZ01 withdrawn order_claimed", b.outcomes())
}

// The order of A was cancelled, and its number given to B, whose order has the same code: whether the WMS took that one
// nobody knows, unless the scheme says so.
func TestWhoeverIsLiveIsToldThatItsOrderMayBeCancelled(t *testing.T) {
	for name, tc := range map[string]struct {
		says string
		told string
	}{
		"nobody says whether a number is taken again": {"", "restored_after_cancel 2 "},
		"the WMS takes it again":                      {"    number_reuse: same\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := setupWith(t, "    triggers: [voided]\n", "    triggers: [voided, deleted]\n"+tc.says)
			b.Books.Fresh(1, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			b.Books.Void(1)
			b.Run()
			rowtest.New(t, b.Pool).Exec(`update cancellation_now set state = 'done', outcome = 'cancelled',
disposition = 'cancelled', attempt = 1, outcome_time = '` + b.Clock.UTC().Format(time.RFC3339) + `'`)
			b.Later(time.Minute)
			b.Books.Fresh(2, "A1", "CK001")
			b.Run()
			require.Equal(t, tc.told, b.items())
		})
	}
}

// Two of Kingdee's warehouses are one in the WMS. A bill that is moved from the one to the other has the same order.
func TestAnOrderThatIsTheSameInTheWMSHasNotVanished(t *testing.T) {
	b := setupWith(t, "code: WH-TH01,", "code: WH-HZ01,")
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.UnAudit(1)
	b.Run()
	b.Later(time.Minute)
	b.Books.Fresh(1, "A1", "CK005")
	b.Run()
	require.Equal(t, "1 WH-HZ01 A1", b.claims())
	require.Empty(t, b.items())
}

// The order code comes from a note. Another scheme of the account has not been read for long: what it owns by now
// nobody knows, so the batch waits whole. Where the code is the bill's number, that is no reason to wait.
func TestWhatIsNotCalledByItsNumberWaitsWhileAnOwnerIsNotRead(t *testing.T) {
	for _, named := range []bool{false, true} {
		t.Run(fmt.Sprint("called by its number: ", named), func(t *testing.T) {
			code := `order_code: 'bill.note == "" ? bill.number : bill.note'`
			if named {
				code = `order_code: '"" + bill.number'`
			}
			b := setupLiving(t)
			schemes, err := scheme.Load([]byte(strings.ReplaceAll(string(scheme.ShippedDocument()),
				"order_code: bill.number", code)), "test.yaml")
			require.NoError(t, err)
			e, _ := b.Job.Registry.Entry(schemes[0].Name)
			e.Scheme = schemes[0]
			b.Job.Registry.Put(e)
			b.Run()
			b.Books.Fresh(1, "A1", "CK001")
			b.Run()
			b.Later(time.Minute)
			b.Books.Void(1)
			b.Run()
			rowtest.New(t, b.Pool).Condition(rowtest.Condition{Kind: "reading_behind", Scheme: "assembly-void"})
			batcher := &push.Batcher{
				Store: b.Store, WMS: b.Job.WMS, Registry: b.Job.Registry, Now: b.Job.Now, Logger: b.Job.Logger,
				Doorman: &push.Doorman{Store: b.Store, WMS: b.Job.WMS, Logger: b.Job.Logger},
				Windows: &push.Windows{}, Recorder: push.NewRecorder(b.Store, b.Job.Logger),
			}
			err = batcher.Run(t.Context(), queue.BatchArgs{
				Scheme: "assembly-void", Account: "default", IDs: []int64{999}, Until: b.Clock.Add(time.Minute),
			})
			var later *push.LaterError
			require.Equal(t, !named, errors.As(err, &later) && strings.Contains(later.Error(), "not been read"))
		})
	}
}

// unaskable refuses every question by number, as Kingdee's adapter does where one of them holds a tab.
type unaskable struct{ *vendortest.Books }

func (u unaskable) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	if in.GetNumbers() != nil {
		return nil, status.Error(codes.InvalidArgument, "numbers: FBillNo: unsafe text")
	}
	return u.Books.StreamBillStates(ctx, in, o...)
}

// One bill's number cannot be asked for: the run goes on, and what it owes is verified before it is sent.
func TestANumberThatCannotBeAskedForStopsNoRun(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Job.Kingdee = unaskable{b.Books}
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1 WH-HZ01 open ", b.outcomes())
	require.Equal(t, "true", b.Text(`select (verified_time < '1971-01-01')::text from unsettled_cancellation`))
}
