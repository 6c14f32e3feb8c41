package syncrun_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// questions are what was asked, each with its bill, its order, its number, its state and why it ended.
func (b *living) questions() string {
	b.Helper()
	return b.Text(`
select coalesce(string_agg(concat_ws(' ', bill_id, warehouse_code, order_code, question, state, nullif(outcome, '')),
       '; ' order by bill_id, order_code, question), '')
from cancellation_now where question > 0`)
}

// tenMinutesLater lets what is doubted have stood still for long enough, and reads it again.
func (b *living) tenMinutesLater() {
	b.Helper()
	b.Later(11 * time.Minute)
	b.due()
	b.Run()
}

// due lets what is to be read again later be read again now: the ledger's clock does not go on with the bench's.
func (b *living) due() {
	b.Helper()
	_, err := b.Pool.Exec(b.Context(), `update bill set reread_time = now() where reread_time is not null`)
	require.NoError(b, err)
}

// moved moves the modify date of a bill, as saving it does.
func (b *living) moved(id int64) { b.Books.Bills[id].ModifyTime = timestamppb.New(b.Clock) }

// A bill's present content maps to another order of the same kind and warehouse than its snapshot, and the ledger knew
// that order first. Both questions had the number 2: one of them was not asked, in silence.
func TestTwoOrdersOfOneKindAndWarehouseAreTwoQuestions(t *testing.T) {
	b := setupWith(t, "order_code: bill.number", codeFromNote)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "B7", "CK001")
	b.Books.Bills[1].Note, b.Books.Bills[2].Note = "PO-77", "PO-66"
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	b.Later(time.Minute)
	b.Books.Bills[1].Note = "PO-66"
	b.Books.Void(1)
	b.Run()
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	b.Later(time.Minute)
	b.moved(1)
	b.Run()
	b.tenMinutesLater()
	require.Equal(t, "1 WH-HZ01 PO-66 1 open; 1 WH-HZ01 PO-77 2 open", b.questions())
}

// Another bill's cancellation of the order stands when it is to be asked about, and ends without an answer for it. The
// bill counted as asked about, and its order stood.
func TestADoubtStaysUntilItsOrderIsAskedAboutOrAnswered(t *testing.T) {
	for name, answered := range map[string]bool{"it was answered": true, "it was withdrawn": false} {
		t.Run(name, func(t *testing.T) {
			b := setupSharing(t, "triggers: [voided]")
			b.Books.Void(1)
			b.Run()
			_, err := b.Acts().Operate(t.Context(), ledger.MarkDone, ledger.Act{
				Scheme: "assembly-void", Actor: "li", Reason: "by phone",
			}, ledger.CancellationFilter{Scheme: "assembly-void"}, ledger.Bounds{Max: 10})
			require.NoError(t, err)
			b.Later(time.Minute)
			b.moved(1)
			b.Books.Void(2)
			b.Run()
			b.tenMinutesLater()
			require.Empty(t, b.questions(), "the other's cancellation asks")
			b.Later(time.Minute)
			if answered {
				require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
			} else {
				b.restored(2)
				b.Books.Bills[2].Note = ""
				b.Run()
			}
			b.due()
			b.Run()
			if answered {
				require.Empty(t, b.questions())
				require.Equal(t, "0", b.Text(`select count(*)::text from bill_doubt where doubted_since is not null`))
				return
			}
			require.Equal(t, "1 WH-HZ01 PO-77 1 open", b.questions())
		})
	}
}

// What was doubted while the scheme only watched was asked about once it sent: about an order that nobody had sent for.
func TestWhatWasDoubtedInDryRunIsNotAskedAboutOnceTheSchemeSends(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	act := ledger.Act{Scheme: "assembly-void", Actor: "li", Reason: "test"}
	_, err := b.Acts().SetMode(t.Context(), act, false)
	require.NoError(t, err)
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Bills[1].Entities[0].Lines[0].WarehouseNumber = "CK002"
	b.Run()
	require.Equal(t, "1", b.Text(`select count(*)::text from bill_doubt where doubted_since is not null`))
	_, err = b.Acts().SetMode(t.Context(), act, true)
	require.NoError(t, err)
	b.tenMinutesLater()
	require.Equal(t, "1 WH-HZ01 dry_run dry_run", b.outcomes())
}
