package syncrun_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// suppliers is a scheme of a form with fields of its own, under the name and over the books of the bench.
const suppliers = `schemes:
  - name: assembly-void
    form: PUR_MRAPP
    sandbox_only: true
    kingdee: {data_center: ` + vendortest.Center + `, keys: {FEntity.warehouse_number: FStockId.FNumber}}
    selector: bill.fields.supplier_number != "S9"
    orders:
      out:
        lines: lines
        order_code: bill.number + "-" + bill.fields.supplier_number
        order_type: CGTH
        cancel_reason: order.lines.map(l, l.fields.returned_quantity).join("/")
    warehouses:
      CK001: {account: default, code: WH-1}
`

// setupSuppliers is a bench that watches that scheme.
func setupSuppliers(t *testing.T) *living {
	t.Helper()
	b := setupLiving(t)
	schemes, err := scheme.Load([]byte(suppliers), "test.yaml")
	require.NoError(t, err)
	s := schemes[0]
	_, err = b.Acts().ApplySchemes(t.Context(), operate.SchemeFile{
		Scheme: s.Name, Title: s.Title, FormID: s.Form, DataCenterID: s.DataCenter, Accounts: s.Accounts(),
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: s.Hash(), Document: s.Document(),
	})
	require.NoError(t, err)
	entry, _ := b.Job.Registry.Entry(s.Name)
	entry.Scheme, entry.Revision = s, 2
	b.Job.Registry.Put(entry)
	b.Run()
	return b
}

// request is a live request to return goods to this supplier.
func (b *living) request(id int64, no, supplier, returned string) {
	b.Books.Fresh(id, no, "CK001")
	bill := b.Books.Bills[id]
	bill.Kind = ""
	bill.Fields = texts("supplier_number", supplier)
	bill.Entities[0].Lines[0].Fields = map[string]*kingdeev1.Value{
		"returned_quantity": {Kind: &kingdeev1.Value_Number{Number: returned}},
	}
}

func texts(name, text string) map[string]*kingdeev1.Value {
	return map[string]*kingdeev1.Value{name: {Kind: &kingdeev1.Value_Text{Text: text}}}
}

func (b *living) orders() string {
	b.Helper()
	return b.Text(`select coalesce(string_agg(order_code || ' ' || cancel_reason || ' ' || orders_from, '; '
       order by bill_id), '') from cancellation_now`)
}

func TestFieldsOfTheFormSelectBillsAndNameOrders(t *testing.T) {
	b := setupSuppliers(t)
	b.request(1, "TL1", "S1", "1.50")
	b.request(2, "TL2", "S9", "2")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, "voided,not_selected", b.Text(`select string_agg(class, ',' order by bill_id) from bill`))
	require.Equal(t, "方案的条件（selector）未选中该单", b.Text(`select reason from reporting.bill_verdict where bill_id = 2`))
	require.Equal(t, "TL1-S1 1.50 snapshot", b.orders())
	require.Len(t, b.Verify(), 1)
}

// What the bill says when it is voided is not what its orders were made of.
func TestFieldsOfAStoredBillMapAsThoseOfAFreshOne(t *testing.T) {
	b := setupSuppliers(t)
	b.request(1, "TL1", "S1", "1.50")
	b.Run()
	b.Later(time.Minute)
	bill := b.Books.Bills[1]
	bill.Fields, bill.Entities[0].Lines[0].Fields = texts("supplier_number", "S9"), nil
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "TL1-S1 1.50 snapshot", b.orders(), "the snapshot is selected, and mapped")
	require.Len(t, b.Verify(), 1)

	same, fault, err := revision.DiffBills(t.Context(), b.Pool, ledger.BillDiffOrder{
		Scheme: "assembly-void", Document: suppliers,
	}, 0, 10)
	require.NoError(t, err)
	require.NoError(t, fault)
	require.Equal(t, ledger.BillDiff{Bills: 1, Same: 1}, same)
	other, fault, err := revision.DiffBills(t.Context(), b.Pool, ledger.BillDiffOrder{
		Scheme: "assembly-void", Document: strings.Replace(suppliers, `"-" +`, `"/" +`, 1),
	}, 0, 10)
	require.NoError(t, err)
	require.NoError(t, fault)
	require.Len(t, other.Differences, 1)
	require.Equal(t, "TL1-S1", other.Differences[0].Before.OrderCode)
	require.Equal(t, "TL1/S1", other.Differences[0].After.OrderCode)
}

// As with any other field, what counts is the bill as it was last seen live.
func TestFieldsThatChangeInALiveBill(t *testing.T) {
	b := setupSuppliers(t)
	for id, no := range map[int64]string{1: "TL1", 2: "TL2", 3: "TL3"} {
		b.request(id, no, map[int64]string{1: "S1", 2: "S1", 3: "S9"}[id], "1.50")
	}
	b.Run()
	require.Equal(t, "live,live,not_selected", b.Text(`select string_agg(class, ',' order by bill_id) from bill`))
	b.Later(time.Minute)
	for id, supplier := range map[int64]string{1: "S2", 2: "S9", 3: "S1"} {
		b.Books.Bills[id].Fields = texts("supplier_number", supplier)
		b.Books.Audit(id)
	}
	b.Run()
	require.Equal(t, "live,not_selected,live", b.Text(`select string_agg(class, ',' order by bill_id) from bill`))
	b.Later(time.Minute)
	for id := range int64(3) {
		b.Books.Void(id + 1)
	}
	b.Run()
	require.Equal(t, "TL1-S2 1.50 snapshot; TL3-S1 1.50 snapshot", b.orders())
}
