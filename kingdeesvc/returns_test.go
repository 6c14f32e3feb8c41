package kingdeesvc_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// sandboxKeys are what the sandbox calls the columns of PUR_MRAPP whose key nobody knows.
func sandboxKeys() map[string]string {
	return map[string]string{
		"close_status": "FCLOSESTATUS", "close_time": "FCLOSEDATE", "note": "FDESCRIPTION",
		"FEntity.unit_number": "FUNITID.FNumber", "FEntity.warehouse_number": "FSTOCKID.FNumber",
		"FEntity.lot_number": "FLOT.FNumber", "FEntity.source_bill_number": "FSRCBILLNO",
	}
}

func TestRequestsToReturnGoodsAreReadFromASandbox(t *testing.T) {
	for name, personality := range map[string]behaviour.Personality{
		"as it is":        {},
		"strict key case": {StrictKeyCase: true},
		"a stock renamed": {RenamedKeys: map[string]string{"PUR_MRAPP/FSTOCKID": "F_ABC_Stock"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"}, func(c *sandbox.Config) {
				c.Seed, c.Personality = sample.DefaultSeed, personality
			})
			_, err := b.vendor.Do(t.Context(), "TLSQ000156", books.ActionClose, books.Edit{}, "")
			require.NoError(t, err)
			keys := sandboxKeys()
			if len(personality.RenamedKeys) > 0 {
				keys["FEntity.warehouse_number"] = "F_ABC_Stock.FNumber"
			}
			got := b.bills(t, &kingdeev1.StreamBillsRequest{
				FormId: sandbox.ReturnFormID, Selection: everything(), Keys: keys, ClosedEnds: true,
			})
			require.Empty(t, got.problems)
			_, err = b.tryBills(t, &kingdeev1.StreamBillsRequest{
				FormId: sandbox.ReturnFormID, Selection: everything(),
				Keys: map[string]string{"FEntity.warehouse_number": "F_ABC_Misspelt.FNumber"},
			})
			require.ErrorContains(t, err, "F_ABC_Misspelt", "bills are not read as if no line named a warehouse")
			found := map[string]*kingdeev1.Bill{}
			for _, bill := range got.bills {
				found[bill.GetNumber()] = bill
			}
			want := 0
			for _, bill := range b.vendor.Bills() {
				if bill.Form != sandbox.ReturnFormID {
					continue
				}
				want++
				read := found[bill.BillNo]
				require.Equal(t, bill.ID, read.GetId())
				require.Equal(t, bill.Note, read.GetNote())
				require.Equal(t, bill.Extra["FSUPPLIERID"], read.GetFields()["supplier_number"].GetText())
				lines := read.GetEntities()[0].GetLines()
				require.Len(t, lines, len(bill.Lines))
				for i, line := range bill.Lines {
					require.Equal(t, line.Stock, lines[i].GetWarehouseNumber())
					require.Equal(t, line.Qty, strings.TrimSuffix(lines[i].GetQuantity(), ".0"))
				}
			}
			require.Len(t, found, want)
			require.Equal(t, kingdeev1.EndState_END_STATE_CLOSED, found["TLSQ000156"].GetEndState())
			require.Equal(t, kingdeev1.EndState_END_STATE_VOIDED, found["TLSQ000102"].GetEndState())
		})
	}
}
