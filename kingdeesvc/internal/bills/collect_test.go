package bills

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/assembled"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rowscan"
)

func idText(id int64) string { return strconv.FormatInt(id, 10) }

func rowsOf(t testing.TB, text string) [][]kingdee.Cell {
	rows, err := rowscan.All(strings.NewReader(text))
	require.NoError(t, err)
	return rows
}

// Keys of 组装拆卸单 that the tests speak of.
const (
	keyID             = "FID"
	keyNumber         = "FBillNo"
	keyDocumentStatus = "FDocumentStatus"
	keyCancelStatus   = "FCANCELSTATUS"
	keyAffairType     = "FAffairType"
	keyCreateDate     = "FCreateDate"
	keyModifyDate     = "FModifyDate"
	keyApproveDate    = "FAPPROVEDATE"
	keyCancelDate     = "FCANCELDATE"
	keyEntryID        = "FEntity_FEntryID"
	keyDetailID       = "FSubEntity_FDetailID"
)

// readingOf reads a form from no vendor, in this zone.
func readingOf(t testing.TB, f form.Form, zone *time.Location, o Options) *Reading {
	t.Helper()
	readers, err := Open(nil, func() *time.Location { return zone }, 2000, nil, f)
	require.NoError(t, err)
	reader, err := readers.Of(f.ID)
	require.NoError(t, err)
	reading, err := reader.Read(o)
	require.NoError(t, err)
	return reading
}

var beijing = time.FixedZone("+08:00", 8*3600)

// tiny is a plan of a bill's id, number, version and line.
func tiny(t *testing.T) *plan {
	p := readingOf(t, assembled.Form, beijing, Options{}).newPlan(keyEntryID, keyID, keyEntryID)
	for _, key := range []string{keyID, keyNumber, keyModifyDate, keyDocumentStatus, keyCancelStatus, keyEntryID} {
		p.add(key)
	}
	return p
}

func TestCollect(t *testing.T) {
	type got struct {
		ID      int64
		Number  string
		Rows    int
		Reason  int32
		Drifted bool
	}
	for name, c := range map[string]struct {
		rows string
		want []got
	}{
		"two bills": {`[[1,"A",null,"C","A",1],[1,"A",null,"C","A",2],[2,"B",null,"C","A",3]]`,
			[]got{{1, "A", 2, 0, false}, {2, "B", 1, 0, false}}},
		"one bill of two versions": {`[[1,"A",null,"C","A",1],[1,"A",null,"D","A",2]]`, []got{{1, "A", 2, 0, true}}},
		"a short row is its bill's": {`[[1,"A",null,"C","A",1],[1,"A",null,"C"],[2,"B",null,"C","A",3]]`,
			[]got{{1, "A", 2, 1, false}, {2, "B", 1, 0, false}}},
		"a row without an id between two of one bill": {`[[1,"A",null,"C","A",1],[null,"",null,"C","A",2],[1,"A",` +
			`null,"C","A",3]]`,
			[]got{{1, "A", 3, 2, false}}},
		"a row without an id that bears a number": {`[[1,"A",null,"C","A",1],[null,"B",null,"C","A",2],[2,"B",null,` +
			`"C","A",3]]`,
			[]got{{1, "A", 1, 0, false}, {2, "B", 2, 2, false}}},
		"a row that is nobody's makes its neighbours suspect": {`[[1,"A",null,"C","A",1],["x","",null,"C","A",2],[2,` +
			`"B",null,"C","A",3],[3,"C",null,"C","A",4]]`,
			[]got{{1, "A", 1, 0, true}, {0, "", 1, 4, false}, {2, "B", 1, 0, true}, {3, "C", 1, 0, false}}},
		"an empty row": {`[null]`, []got{{0, "", 1, 1, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			groups, err := collect(tiny(t), rowsOf(t, c.rows), 0)
			require.NoError(t, err)
			var out []got
			for _, g := range groups {
				one := got{ID: g.id, Number: g.number, Rows: len(g.rows), Drifted: g.drifted}
				if g.fault != nil {
					one.Reason = int32(g.fault.reason)
				}
				out = append(out, one)
			}
			require.Equal(t, c.want, out)
		})
	}
}

func TestCollectRefusesRowsOutOfOrder(t *testing.T) {
	for _, rows := range []string{`[[2,"B"],[1,"A"]]`, `[[5,"A"]]`, `[[6,"A"],[7,"B"],[6,"A"]]`} {
		_, err := collect(readingOf(t, assembled.Form, beijing, Options{}).listPlan(), rowsOf(t, rows), 5)
		require.Equal(t, kingdee.Unreadable, kingdee.ClassOf(err), rows)
	}
}

// good is one row that decodes, in the order of the product plan's head; lines follow by key.
func goodRow(p *plan) []kingdee.Cell {
	values := map[string]kingdee.Cell{
		keyID: {Kind: kingdee.Number, Text: "100234"}, keyNumber: {Kind: kingdee.Text, Text: " ZZCX000012 "},
		keyDocumentStatus: {Kind: kingdee.Text, Text: "C"}, keyCancelStatus: {Kind: kingdee.Text, Text: "A"},
		keyAffairType: {Kind: kingdee.Text, Text: "DASSEMBLY"}, keyEntryID: {Kind: kingdee.Number, Text: "7"},
		keyModifyDate: {Kind: kingdee.Text, Text: "2024-04-11T23:52:02.583"},
		keyCancelDate: {Kind: kingdee.Text, Text: "2024-04-12T00:00:00"},
		"FQty":        {Kind: kingdee.Number, Text: "52.50"}, "FEE": {Kind: kingdee.Text, Text: "1.0000000000"},
		"FNote": {Kind: kingdee.Text, Text: " "},
		"FDate": {Kind: kingdee.Text, Text: "2024-04-11T00:00:00"}, "FBomID": {Kind: kingdee.Number, Text: "0"},
	}
	row := make([]kingdee.Cell, len(p.keys))
	for i, key := range p.keys {
		row[i] = values[key]
	}
	return row
}

func decodeRow(r *Reading, p *plan, row []kingdee.Cell) (*kingdeev1.Bill, *fault) {
	g := &group{plan: p, id: 100234, rows: [][]kingdee.Cell{row}}
	g.check()
	return r.decodeBill(&draft{head: g}, r.zone())
}

func TestDecodeOneRow(t *testing.T) {
	r := readingOf(t, assembled.Form, beijing, Options{})
	p := r.linesPlan()
	bill, f := decodeRow(r, p, goodRow(p))
	require.Nil(t, f)
	require.Equal(t, "ZZCX000012", bill.GetNumber())
	require.Equal(t, "Dassembly", bill.GetKind())
	require.Equal(t, "2024-04-11T15:52:02.583Z", bill.GetModifyTime().AsTime().Format(time.RFC3339Nano))
	require.True(t, bill.GetCancelTimeIsDate())
	require.Nil(t, bill.GetApproveTime())
	require.Equal(t, "2024-04-11", bill.GetDate())
	require.Equal(t, "1.0000000000", bill.GetFee())
	require.Empty(t, bill.GetNote())
	require.Equal(t, "52.50", products(bill)[0].GetQuantity())
	require.Equal(t, "0", products(bill)[0].GetBomId())
	require.Empty(t, products(bill)[0].GetFee(), "an unset amount is empty, not 0")
}

func TestDecodeNamesTheKeyAtFault(t *testing.T) {
	const (
		missing   = kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_FIELD_MISSING
		unknown   = kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_UNKNOWN
		malformed = kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED
	)
	text := func(s string) kingdee.Cell { return kingdee.Cell{Kind: kingdee.Text, Text: s} }
	for _, c := range []struct {
		key    string
		cell   kingdee.Cell
		reason kingdeev1.BillProblemReason
	}{
		{keyID, kingdee.Cell{}, missing}, {keyID, text(" "), missing},
		{keyID, text("x"), malformed}, {keyID, kingdee.Cell{Kind: kingdee.Number, Text: "1.5"}, malformed},
		{keyNumber, kingdee.Cell{}, missing}, {keyNumber, text(" "), missing},
		{keyDocumentStatus, kingdee.Cell{}, missing}, {keyDocumentStatus, text(""), missing},
		{keyDocumentStatus, text("E"), unknown}, {keyDocumentStatus, text("c"), unknown},
		{keyCancelStatus, kingdee.Cell{}, missing}, {keyCancelStatus, text("C"), unknown},
		{keyAffairType, kingdee.Cell{}, missing}, {keyAffairType, text("Disassembly"), unknown},
		{keyModifyDate, text("yesterday"), malformed},
		{keyApproveDate, kingdee.Cell{Kind: kingdee.Number, Text: "1"}, malformed},
		{keyCancelDate, text("2024-02-30"), malformed},
		{"FQty", text("1,5"), malformed},
		{keyEntryID, text("x"), malformed},
		{"FStockID.FNumber", kingdee.Cell{Kind: kingdee.Other, Text: "{}"}, malformed},
		{keyNumber, kingdee.Cell{Kind: kingdee.Unfit, Text: "A\x001"}, malformed},
		{"FNote", kingdee.Cell{Kind: kingdee.Unfit, Text: "A\x001"}, malformed},
	} {
		r := readingOf(t, assembled.Form, time.UTC, Options{})
		p := r.linesPlan()
		row := goodRow(p)
		row[p.index[c.key]] = c.cell
		_, f := decodeRow(r, p, row)
		require.NotNil(t, f, "%s = %q", c.key, c.cell.Text)
		require.Equal(t, c.key, f.field)
		require.Equal(t, c.reason, f.reason, "%s = %q", c.key, c.cell.Text)
	}
}

// The failure: a memo field that an add-on had turned into something else kept its bill from being cancelled.
func TestAFieldThatOnlyInformsIsLeftOutWhereItCannotBeRead(t *testing.T) {
	for _, cell := range []kingdee.Cell{
		{Kind: kingdee.Text, Text: "x"}, {Kind: kingdee.Bool, Text: "true"}, {Kind: kingdee.Other, Text: "{}"},
		{Kind: kingdee.Other, Text: `[1,2]`}, {Kind: kingdee.Text, Text: "1,5"},
	} {
		r := readingOf(t, assembled.Form, time.UTC, Options{})
		p := r.linesPlan()
		row := goodRow(p)
		for _, key := range []string{"FDate", "FEE", "Fee_ETY", "FProduceDate"} {
			row[p.index[key]] = cell
		}
		bill, f := decodeRow(r, p, row)
		require.Nil(t, f, "%q", cell.Text)
		line := products(bill)[0]
		require.Empty(t, bill.GetDate()+bill.GetFee()+line.GetFee()+line.GetProduceDate(), "%q", cell.Text)
		require.Equal(t, "ZZCX000012 52.50", bill.GetNumber()+" "+line.GetQuantity(), "all else is there")
	}
	r := readingOf(t, assembled.Form, time.UTC, Options{})
	p := r.linesPlan()
	row := goodRow(p)
	row[p.index["FEE"]] = kingdee.Cell{Kind: kingdee.Text, Text: " 12.50 "}
	bill, f := decodeRow(r, p, row)
	require.Nil(t, f)
	require.Equal(t, "12.50", bill.GetFee(), "what can be read is read")
}

// FuzzPages throws any rows at grouping and decoding: nothing may crash, and every row must end in one bill or problem.
func FuzzPages(f *testing.F) {
	f.Add([]byte(`[[1,"A","C","A","Assembly"],[1,"A","C","A","Assembly"]]`))
	f.Add([]byte(`[[1,"A"],[null,"A"],[2,null],[],null,[{"a":1}],["3",1]]`))
	f.Add([]byte(`[[1,"A","C","A","Assembly",null,"2024-04-11T23:52:02.583",null,null,"100","2024-04-11T00:00:00"]]`))
	r := readingOf(f, assembled.Form, time.UTC, withComponents)
	lines, further := r.linesPlan(), r.furtherPlan(r.entities[1])()
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := rowscan.All(bytes.NewReader(body))
		if err != nil {
			return
		}
		for _, p := range []*plan{lines, further, r.listPlan(), r.statePlan()} {
			padded := make([][]kingdee.Cell, len(rows))
			for i, row := range rows {
				padded[i] = row
				if len(row) >= 5 && len(row) < len(p.keys) { // long enough to be taken for a whole row
					padded[i] = append(append([]kingdee.Cell{}, row...), make([]kingdee.Cell, len(p.keys)-len(row))...)
				}
			}
			groups, err := collect(p, padded, 0)
			if err != nil {
				continue
			}
			total := 0
			for _, g := range groups {
				total += len(g.rows)
				if p != lines {
					continue
				}
				bill, fault := r.decodeBill(&draft{head: g}, r.zone())
				if (bill == nil) == (fault == nil) {
					t.Fatal("neither a bill nor a problem, or both")
				}
			}
			if total != len(rows) {
				t.Fatalf("%d rows in, %d in groups", len(rows), total)
			}
		}
	})
}
