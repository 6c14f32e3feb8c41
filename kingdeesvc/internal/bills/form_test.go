package bills

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/assembled"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/returnapp"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// slip is a made-up form that differs from 组装拆卸单 in everything that a form may differ in: no kinds, two further
// entities of which one lies below nothing, a closed state, columns of every type without a field of their own, and
// keys that nobody has confirmed.
var slip = form.Form{
	ID: "TST_Slip", Title: "测试单", English: "slips",
	Head: []form.Column{
		{Key: "FID", Name: "id", Type: form.ID},
		{Key: "FBillNo", Name: "number", Type: form.BillNumber},
		{Key: "FDocumentStatus", Name: "document_status", Type: form.DocumentStatus},
		{Key: "FCancelStatus", Name: "cancel_status", Type: form.CancelStatus},
		{Key: "FCloseStatus", Name: "close_status", Type: form.CloseStatus},
		{Key: "FModifyDate", Name: "modify_time", Type: form.Moment},
		{Key: "FCreateDate", Name: "create_time", Type: form.Moment},
		{Key: "FApproveDate", Name: "approve_time", Type: form.Moment},
		{Key: "FCancelDate", Name: "cancel_time", Type: form.Moment},
		{Key: "FCloseDate", Name: "close_time", Type: form.Moment, Need: form.May},
		{Key: "FOrgId.FNumber", Name: "org_number"},
		{Key: "FSupplierId.FNumber", Name: "supplier_number", Need: form.May},
		{Key: "FRate", Name: "rate", Type: form.Decimal, Need: form.May},
		{Key: "FDue", Name: "due", Type: form.Day, Need: form.May},
		{Key: "FSeen", Name: "seen", Type: form.Moment, Need: form.May},
		{Key: "FUrgent", Name: "urgent", Type: form.Bool, Need: form.May},
		{Name: "mode", Need: form.May, Open: true},
	},
	Entities: []form.Entity{
		{Name: "FLines", Columns: []form.Column{
			{Key: "FLines_FEntryID", Name: "id", Type: form.ID},
			{Key: "FGoods.FNumber", Name: "material_number"},
			{Name: "quantity", Type: form.Decimal, Open: true},
			{Key: "FWhy", Name: "reason", Need: form.May},
		}},
		{Name: "FFees", Columns: []form.Column{
			{Key: "FFees_FEntryID", Name: "id", Type: form.ID},
			{Key: "FAmount", Name: "amount", Type: form.Decimal},
		}},
		{Name: "FSigns", Columns: []form.Column{{Key: "FSigns_FEntryID", Name: "id", Type: form.ID}}},
	},
	Ends: []form.End{form.Voided, form.Closed},
}

// shelf is a vendor with one slip on it: rows of cells by key for each kind of query, told by the entity's id.
type shelf struct {
	head  map[string]kingdee.Cell
	lines map[string][]map[string]kingdee.Cell
	asked []kingdee.Query
}

func (s *shelf) Query(_ context.Context, q kingdee.Query) (*kingdee.Table, error) {
	s.asked = append(s.asked, q)
	rows := []map[string]kingdee.Cell{{}}
	for key, lines := range s.lines {
		if slices.Contains(q.FieldKeys, key) {
			rows = lines
		}
	}
	table := &kingdee.Table{Meta: kingdee.Meta{Left: time.Unix(1700000000, 0)}}
	for _, line := range rows {
		row := make([]kingdee.Cell, len(q.FieldKeys))
		for i, key := range q.FieldKeys {
			if cell, ok := line[key]; ok {
				row[i] = cell
			} else {
				row[i] = s.head[key]
			}
		}
		table.Rows = append(table.Rows, row)
	}
	return table, nil
}

func (s *shelf) View(context.Context, string, int64) (kingdee.Meta, error) {
	return kingdee.Meta{}, nil
}

func inBeijing() *time.Location { return beijing }

func text(s string) kingdee.Cell   { return kingdee.Cell{Kind: kingdee.Text, Text: s} }
func number(s string) kingdee.Cell { return kingdee.Cell{Kind: kingdee.Number, Text: s} }

func oneSlip() *shelf {
	return &shelf{
		head: map[string]kingdee.Cell{
			"FID": number("7"), "FBillNo": text("TL1"), "FDocumentStatus": text("C"), "FCancelStatus": text("A"),
			"FCloseStatus": text("B"),
			"FCreateDate":  text("2024-05-01T08:00:00"), "FModifyDate": text("2024-05-02T08:00:00"),
			"FCloseDate":     text("2024-05-03T08:00:00"),
			"FOrgId.FNumber": text("100"), "FSupplierId.FNumber": text("VEN00010"), "FRate": number("0.130"),
			"FDue":  text("2024-06-01T00:00:00"),
			"FSeen": text("2024-05-01T09:00:00"), "FUrgent": {Kind: kingdee.Bool, Text: "true"},
			"F_ABC_Mode": text("A"),
		},
		lines: map[string][]map[string]kingdee.Cell{
			"FLines_FEntryID": {
				{
					"FLines_FEntryID": number("71"), "FGoods.FNumber": text("M1"),
					"F_ABC_Qty": number("2.50"), "FWhy": text("坏"),
				},
				{
					"FLines_FEntryID": number("72"), "FGoods.FNumber": text("M2"),
					"F_ABC_Qty": number("1"), "FWhy": text(" "),
				},
			},
			"FFees_FEntryID":  {{"FFees_FEntryID": number("79"), "FAmount": number("3.00")}},
			"FSigns_FEntryID": {{"FSigns_FEntryID": {}}},
		},
	}
}

func slips(t *testing.T, vendor Vendor) *Reader {
	t.Helper()
	readers, err := Open(vendor, inBeijing, 2000, slog.New(slog.DiscardHandler), assembled.Form, slip)
	require.NoError(t, err)
	reader, err := readers.Of(slip.ID)
	require.NoError(t, err)
	return reader
}

func TestAFormIsATable(t *testing.T) {
	vendor := oneSlip()
	reading, err := slips(t, vendor).Read(Options{
		Keys:            map[string]string{"FLines.quantity": "F_ABC_Qty", "mode": "F_ABC_Mode"},
		FurtherEntities: []string{"FFees", "FSigns"}, ClosedEnds: true, ExtraLineKeys: []string{"FWhy"},
	})
	require.NoError(t, err)
	got, _, err := reading.Get(t.Context(), 7)
	require.NoError(t, err)
	at := func(text string) *timestamppb.Timestamp {
		moment, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return timestamppb.New(moment)
	}
	want := &kingdeev1.Bill{
		Id: 7, Number: "TL1", FormId: "TST_Slip", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, EndState: kingdeev1.EndState_END_STATE_CLOSED,
		OrgNumber:  "100",
		CreateTime: at("2024-05-01T08:00:00+08:00"), ModifyTime: at("2024-05-02T08:00:00+08:00"),
		CloseTime: at("2024-05-03T08:00:00+08:00"),
		Fields: map[string]*kingdeev1.Value{
			"supplier_number": {Kind: &kingdeev1.Value_Text{Text: "VEN00010"}},
			"rate":            {Kind: &kingdeev1.Value_Number{Number: "0.130"}},
			"due":             {Kind: &kingdeev1.Value_Date{Date: "2024-06-01"}},
			"seen":            {Kind: &kingdeev1.Value_Time{Time: at("2024-05-01T09:00:00+08:00")}},
			"urgent":          {Kind: &kingdeev1.Value_Boolean{Boolean: true}},
			"mode":            {Kind: &kingdeev1.Value_Text{Text: "A"}},
		},
		Entities: []*kingdeev1.EntityLines{
			{Name: "FLines", Lines: []*kingdeev1.Line{
				{Id: 71, MaterialNumber: "M1", Quantity: "2.50", Extra: map[string]string{"FWhy": "坏"},
					Fields: map[string]*kingdeev1.Value{"reason": {Kind: &kingdeev1.Value_Text{Text: "坏"}}}},
				{Id: 72, MaterialNumber: "M2", Quantity: "1", Extra: map[string]string{"FWhy": ""}},
			}},
			{Name: "FFees", Lines: []*kingdeev1.Line{{Id: 79, Fields: map[string]*kingdeev1.Value{
				"amount": {Kind: &kingdeev1.Value_Number{Number: "3.00"}},
			}}}},
		},
		Rows: 4,
	}
	require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
	for _, q := range vendor.asked {
		require.Equal(t, "TST_Slip", q.FormID)
	}
}

func TestAClosedBillHasEndedOnlyWhereThatWasAsked(t *testing.T) {
	for _, c := range []struct {
		voided string
		asked  bool
		want   kingdeev1.EndState
	}{
		{"A", true, kingdeev1.EndState_END_STATE_CLOSED}, {"A", false, kingdeev1.EndState_END_STATE_NONE},
		{"B", true, kingdeev1.EndState_END_STATE_VOIDED}, {"B", false, kingdeev1.EndState_END_STATE_VOIDED},
	} {
		vendor := oneSlip()
		vendor.head["FCancelStatus"], vendor.head["FCloseDate"] = text(c.voided), text("2024-05-03T00:00:00")
		reading, err := slips(t, vendor).Read(Options{
			Keys: map[string]string{"FLines.quantity": "F_ABC_Qty"}, ClosedEnds: c.asked,
		})
		require.NoError(t, err)
		selected, err := reading.Select(Selection{IDs: []int64{7}})
		require.NoError(t, err)
		var got []*kingdeev1.BillState
		require.NoError(t, selected.States(t.Context(), func(p StatePage) error {
			got = append(got, p.States...)
			return nil
		}))
		require.Len(t, got, 1)
		require.Equal(t, c.want, got[0].GetEndState(), "%+v", c)
		require.Equal(t, c.asked, asksFor(vendor.asked[0], "FCloseStatus"), "what nobody asks for is not read")
		require.Equal(t, c.asked, got[0].GetCloseTime() != nil)
		require.Equal(t, c.asked, got[0].GetCloseTimeIsDate())
	}
}

func TestWhatAFormCannotGiveIsRefusedByName(t *testing.T) {
	readers, err := Open(nil, inBeijing, 2000, slog.New(slog.DiscardHandler), assembled.Form, slip)
	require.NoError(t, err)
	_, err = readers.Of("PUR_PurchaseOrder")
	unknown, ok := errors.AsType[*UnknownForm](err)
	require.True(t, ok)
	require.Equal(t, []string{"STK_AssembledApp", "TST_Slip"}, unknown.Known)
	quantity := map[string]string{"FLines.quantity": "F_ABC_Qty"}
	assembly, tst := assembled.Form.ID, slip.ID
	for name, c := range map[string]struct {
		form  string
		o     Options
		field string
	}{
		"a state that the form has not":   {assembly, Options{ClosedEnds: true}, "closed_ends"},
		"an entity that the form has not": {assembly, Options{FurtherEntities: []string{"FTax"}}, "further_entities"},
		"the first as a further": {
			assembly, Options{FurtherEntities: []string{"FEntity"}}, "further_entities",
		},
		"a key for a column that has one":   {assembly, Options{Keys: map[string]string{"note": "FNote2"}}, "keys"},
		"a key for no column":               {tst, Options{Keys: map[string]string{"colour": "F_X"}}, "keys"},
		"a column whose key nobody knows":   {tst, Options{}, "keys"},
		"a year that no server writes down": {tst, Options{Keys: quantity}, "changed_since.since"},
	} {
		t.Run(name, func(t *testing.T) {
			reader, err := readers.Of(c.form)
			require.NoError(t, err)
			reading, err := reader.Read(c.o)
			if c.field == "changed_since.since" {
				require.NoError(t, err)
				_, err = reading.Select(Selection{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
			}
			invalid, ok := errors.AsType[*InvalidRequest](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.field, invalid.Field)
		})
	}
}

func TestATableThatContradictsTheContractDoesNotOpen(t *testing.T) {
	for name, spoil := range map[string]func(f *form.Form){
		"no number":             func(f *form.Form) { f.Head = slices.Delete(slices.Clone(f.Head), 1, 2) },
		"no cancel date":        func(f *form.Form) { f.Head = slices.Delete(slices.Clone(f.Head), 8, 9) },
		"kinds without column":  func(f *form.Form) { f.Kinds = []string{"A"} },
		"closed without column": func(f *form.Form) { f.Head = slices.Delete(slices.Clone(f.Head), 4, 5) },
		"no entity":             func(f *form.Form) { f.Entities = nil },
		"a line without id": func(f *form.Form) {
			quantity := form.Column{Key: "FQty", Name: "quantity", Type: form.Decimal}
			f.Entities = []form.Entity{{Name: "FLines", Columns: []form.Column{quantity}}}
		},
		"another type": func(f *form.Form) {
			f.Head = append(slices.Clone(f.Head), form.Column{Key: "FNote", Name: "note", Type: form.Bool})
		},
		"a type of ours": func(f *form.Form) {
			f.Head = append(slices.Clone(f.Head), form.Column{Key: "FX", Name: "x", Type: form.Kind})
		},
		"a name twice": func(f *form.Form) { f.Head = append(slices.Clone(f.Head), f.Head[3]) },
		"no key":       func(f *form.Form) { f.Head = append(slices.Clone(f.Head), form.Column{Name: "note"}) },
	} {
		t.Run(name, func(t *testing.T) {
			spoiled := slip
			spoil(&spoiled)
			_, err := Open(nil, nil, 2000, nil, spoiled)
			require.ErrorContains(t, err, "TST_Slip")
		})
	}
}

// Every field of the contract's messages that is a value of the vendor's can be filled by a table.
func TestEveryFieldOfTheContractHasASlot(t *testing.T) {
	ours := map[string]bool{
		"form_id": true, "end_state": true, "cancel_time_is_date": true, "fields": true, "extra": true,
		"close_time_is_date": true, "entities": true, "rows": true,
	}
	for _, c := range []struct {
		message proto.Message
		has     func(name string) bool
	}{
		{&kingdeev1.Bill{}, func(name string) bool { _, ok := headSlots[name]; return ok }},
		{&kingdeev1.BillState{}, func(name string) bool { _, ok := stateSlots[name]; return ok }},
		{&kingdeev1.Line{}, func(name string) bool { _, ok := lineSlots[name]; return ok }},
	} {
		message := c.message.ProtoReflect().Descriptor()
		for i := range message.Fields().Len() {
			name := string(message.Fields().Get(i).Name())
			require.Equal(t, !ours[name], c.has(name), "%s of %s", name, message.Name())
		}
	}
}

// 退料申请单 is read by its table, with the keys that a tenant names for what no public source confirms.
func TestAReturnRequestIsReadByItsTable(t *testing.T) {
	vendor := &shelf{
		head: map[string]kingdee.Cell{
			"FID": number("9"), "FBillNo": text("TLSQ000001"), "FDocumentStatus": text("D"), "FCancelStatus": text("A"),
			"FCreateDate": text("2024-05-01T08:00:00"), "FModifyDate": text("2024-05-02T08:00:00"),
			"FAPPORGID.FNumber": text("100"), "FAPPDEPTID.FNumber": text("BM000017"),
			"FSUPPLIERID.FNumber": text("VEN00010"), "FRMMODE": text("A"),
		},
		lines: map[string][]map[string]kingdee.Cell{"FEntity_FEntryID": {
			{
				"FEntity_FEntryID": number("91"), "FMATERIALID.FNumber": text("WL.SP.101"), "FMRAPPQTY": number("5"),
				"FMRQTY": number("0"), "F_ABC_Stock.FNumber": text("CK005"),
			},
			{"FEntity_FEntryID": number("92"), "FMATERIALID.FNumber": text("WL.SP.103"), "FMRAPPQTY": number("1.5")},
		}},
	}
	readers, err := Open(vendor, inBeijing, 2000, slog.New(slog.DiscardHandler), returnapp.Form)
	require.NoError(t, err)
	reader, err := readers.Of("PUR_MRAPP")
	require.NoError(t, err)
	reading, err := reader.Read(Options{Keys: map[string]string{"FEntity.warehouse_number": "F_ABC_Stock.FNumber"}})
	require.NoError(t, err)
	got, _, err := reading.Get(t.Context(), 9)
	require.NoError(t, err)
	require.Equal(t, kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT, got.GetDocumentStatus())
	require.Equal(t, kingdeev1.EndState_END_STATE_NONE, got.GetEndState())
	require.Equal(t, "BM000017", got.GetDepartmentNumber())
	require.Equal(t, "VEN00010", got.GetFields()["supplier_number"].GetText())
	require.Empty(t, got.GetKind())
	lines := linesOfEntity(got, returnapp.Lines)
	require.Len(t, lines, 2)
	require.Equal(t, "CK005", lines[0].GetWarehouseNumber())
	require.Equal(t, "0", lines[0].GetFields()["returned_quantity"].GetNumber())
	require.Empty(t, lines[1].GetWarehouseNumber())
	require.Equal(t, "1.5", lines[1].GetQuantity())

	_, err = reader.Read(Options{ClosedEnds: true})
	require.ErrorContains(t, err, "close_status", "whoever counts closed bills names the key")
}

// A close that moves no other date is found by its own, and one between the reads of two entities makes them differ.
func TestAClosedBillIsFoundByItsCloseDate(t *testing.T) {
	vendor := oneSlip()
	keys := map[string]string{"FLines.quantity": "F_ABC_Qty"}
	for _, asked := range []bool{false, true} {
		reading, err := slips(t, vendor).Read(Options{Keys: keys, ClosedEnds: asked})
		require.NoError(t, err)
		selected, err := reading.Select(Selection{Since: time.Date(2024, 5, 3, 0, 0, 0, 0, beijing)})
		require.NoError(t, err)
		require.NoError(t, selected.States(t.Context(), func(StatePage) error { return nil }))
		filter := vendor.asked[len(vendor.asked)-1].Filter
		require.Equal(t, asked, strings.Contains(filter, "or FCloseDate>='2024-05-03 00:00:00'"), filter)
		require.Equal(t, asked, slices.Contains(selected.MidnightEdges, "FCloseDate"))
	}
}

// lacking is a shelf of a server that does not know one key, neither as a field nor in a filter.
type lacking struct {
	*shelf
	key string
}

func (l *lacking) Query(ctx context.Context, q kingdee.Query) (*kingdee.Table, error) {
	if slices.Contains(q.FieldKeys, l.key) || strings.Contains(q.Filter, l.key) {
		return nil, &kingdee.Fault{Class: kingdee.FieldUnknown, Field: l.key, Fields: []string{l.key}}
	}
	return l.shelf.Query(ctx, q)
}

func TestAServerWithoutACloseDateIsReadByTheOtherDates(t *testing.T) {
	vendor := &lacking{oneSlip(), "FCloseDate"}
	reading, err := slips(t, vendor).Read(Options{
		Keys: map[string]string{"FLines.quantity": "F_ABC_Qty"}, ClosedEnds: true,
	})
	require.NoError(t, err)
	selected, err := reading.Select(Selection{Since: time.Date(2024, 5, 3, 0, 0, 0, 0, beijing)})
	require.NoError(t, err)
	var got []*kingdeev1.BillState
	require.NoError(t, selected.States(t.Context(), func(p StatePage) error {
		got = append(got, p.States...)
		return nil
	}))
	require.Len(t, got, 1)
	require.Equal(t, kingdeev1.EndState_END_STATE_CLOSED, got[0].GetEndState())
	require.Nil(t, got[0].GetCloseTime())
}

// closing is a shelf whose bill is closed after its lines were read and before its further entities are.
type closing struct{ *shelf }

func (c *closing) Query(ctx context.Context, q kingdee.Query) (*kingdee.Table, error) {
	if slices.Contains(q.FieldKeys, "FFees_FEntryID") {
		c.head["FCloseStatus"] = text("B")
	}
	return c.shelf.Query(ctx, q)
}

func TestABillThatIsClosedWhileItIsReadIsOfOneVersion(t *testing.T) {
	vendor := &closing{oneSlip()}
	vendor.head["FCloseStatus"] = text("A")
	reading, err := slips(t, vendor).Read(Options{
		Keys: map[string]string{"FLines.quantity": "F_ABC_Qty"}, FurtherEntities: []string{"FFees"}, ClosedEnds: true,
	})
	require.NoError(t, err)
	got, _, err := reading.Get(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, kingdeev1.EndState_END_STATE_CLOSED, got.GetEndState(), "as its last lines were read")
}
