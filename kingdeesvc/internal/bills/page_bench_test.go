package bills

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/assembled"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rowscan"
)

// vendorPage is an answer of so many rows of all 40 keys, two lines a bill, as a server writes it.
func vendorPage(p *plan, rows int) []byte {
	var out bytes.Buffer
	out.WriteByte('[')
	for i := range rows {
		bill := i / 2
		cells := map[string]string{
			keyID: strconv.Itoa(100001 + bill), keyNumber: fmt.Sprintf(`"ZZCX%06d"`, bill), keyDocumentStatus: `"C"`,
			keyCancelStatus: `"A"`, keyAffairType: `"Assembly"`,
			keyCreateDate: `"2024-04-11T09:12:02.583"`, keyModifyDate: fmt.Sprintf(`"2024-04-11T15:%02d:%02d.72"`,
				bill/60%60, bill%60), keyApproveDate: `"2024-04-11T15:46:44.7"`,
			keyCancelDate: `null`, "FStockOrgId.FNumber": `"100"`,
			"FDate": `"2024-04-11T00:00:00"`, "FBillTypeID": `"8a7d5a9f0c3e4b1f9d2c6b7e1f0a3d4c"`,
			"FOwnerTypeIdHead": `"BD_OwnerOrg"`, "FOwnerIdHead.FNumber": `"100"`, "FEE": `12.50`,
			"FDeptID.FNumber": `"BM000017"`, "FNote": `"电商礼盒组装"`,
			"FSubProOwnTypeIdH": `"BD_OwnerOrg"`, "FSubProOwnerIdH.FNumber": `"100"`,
			keyEntryID:             strconv.Itoa(200001 + i),
			"FMaterialID.FNumber":  fmt.Sprintf(`"CP.LH.%03d"`, i%500),
			"FMaterialID.FBARCODE": fmt.Sprintf(`"69012345%05d"`, i%500), "FUnitID.FNumber": `"Pcs"`,
			"FQty": fmt.Sprintf("%d.%d", i%900, i%10), "Fee_ETY": `0.0`, "FStockID.FNumber": `"CK001"`,
			"FStockStatusID": `10000`, "FDescription": `" "`, "FMTONO": `" "`,
			"FOwnerTypeID": `"BD_OwnerOrg"`, "FOwnerID.FNumber": `"100"`, "FKeeperTypeID": `"BD_KeeperOrg"`,
			"FKeeperID.FNumber": `"100"`, "FBomID": `0`,
			"FProduceDate": `"2024-04-01T00:00:00"`, "FEXPIRYDATE": `null`, "FLOT.FNumber": `"L20240401"`,
			"FSrcBillTypeId": `" "`, "FSrcBillNo": `""`, "FRowType": `"Standard"`,
		}
		if i > 0 {
			out.WriteByte(',')
		}
		for j, key := range p.keys {
			out.WriteByte("[,"[min(j, 1)])
			out.WriteString(cells[key])
		}
		out.WriteByte(']')
	}
	out.WriteByte(']')
	return out.Bytes()
}

// viaAny is the usual way: encoding/json into any, numbers kept as written, then one conversion for every cell.
func viaAny(body []byte) ([][]kingdee.Cell, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var page any
	if err := decoder.Decode(&page); err != nil {
		return nil, err
	}
	list, ok := page.([]any)
	if !ok {
		return nil, rowscan.ErrNotRows
	}
	rows := make([][]kingdee.Cell, len(list))
	for i, element := range list {
		cells, ok := element.([]any)
		if !ok {
			return nil, rowscan.ErrNotRows
		}
		rows[i] = make([]kingdee.Cell, len(cells))
		for j, value := range cells {
			switch value := value.(type) {
			case string:
				rows[i][j] = kingdee.Cell{Kind: kingdee.Text, Text: value}
			case json.Number:
				rows[i][j] = kingdee.Cell{Kind: kingdee.Number, Text: value.String()}
			case bool:
				rows[i][j] = kingdee.Cell{Kind: kingdee.Bool, Text: strconv.FormatBool(value)}
			}
		}
	}
	return rows, nil
}

func viaScan(body []byte) ([][]kingdee.Cell, error) { return rowscan.All(bytes.NewReader(body)) }

// typed is what both ways share: rows become bills.
func typed(r *Reading, p *plan, rows [][]kingdee.Cell, err error) ([]*kingdeev1.Bill, error) {
	if err != nil {
		return nil, err
	}
	groups, err := collect(p, rows, 0)
	if err != nil {
		return nil, err
	}
	bills, zone := make([]*kingdeev1.Bill, 0, len(groups)), r.zone()
	for _, g := range groups {
		bill, f := r.decodeBill(&draft{head: g}, zone)
		if f != nil {
			return nil, fmt.Errorf("bill %d: %s %s", g.id, f.field, f.detail)
		}
		bills = append(bills, bill)
	}
	return bills, nil
}

func TestAPageIsReadAsEncodingJSONReadsIt(t *testing.T) {
	r := readingOf(t, assembled.Form, beijing, Options{})
	p := r.linesPlan()
	require.Len(t, p.keys, 40)
	body := vendorPage(p, 500)
	scanned, err := viaScan(body)
	want, wantErr := viaAny(body)
	got, err := typed(r, p, scanned, err)
	require.NoError(t, err)
	wanted, err := typed(r, p, want, wantErr)
	require.NoError(t, err)
	require.Len(t, got, 250)
	require.Empty(t, cmp.Diff(wanted, got, protocmp.Transform()))
	require.Equal(t, "1.1", products(got[0])[1].GetQuantity())
}

// BenchmarkPage reads a page of 10,000 rows of 40 keys into typed bills, in turn by rowscan and by encoding/json to
// any, and prints how many times faster the first is, by their medians; the typed part is the same in both.
func BenchmarkPage(b *testing.B) {
	r := readingOf(b, assembled.Form, beijing, Options{})
	p := r.linesPlan()
	body := vendorPage(p, 10_000)
	var took [2][]time.Duration
	for b.Loop() {
		for i, way := range []func([]byte) ([][]kingdee.Cell, error){viaScan, viaAny} {
			runtime.GC() // neither way pays for what the other left behind
			began := time.Now()
			rows, err := way(body)
			bills, err := typed(r, p, rows, err)
			took[i] = append(took[i], time.Since(began))
			if err != nil || len(bills) != 5000 {
				b.Fatal(len(bills), err)
			}
		}
	}
	median := func(took []time.Duration) float64 { return slices.Sorted(slices.Values(took))[len(took)/2].Seconds() }
	scan, usual := median(took[0]), median(took[1])
	b.ReportMetric(float64(len(body))/1e6/scan, "rowscan-MB/s")
	b.ReportMetric(float64(len(body))/1e6/usual, "any-MB/s")
	b.ReportMetric(usual/scan, "times-faster")
}
