package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

// returned makes an audited request to return goods of organisation 100.
func (b *bundle) returned(billNo, supplier string, lines ...books.Line) books.Bill {
	b.Helper()
	_, err := b.server.Create(b.Context(), books.Bill{
		Form: books.ReturnApp, BillNo: billNo, StockOrg: "100", Lines: lines,
		Extra: map[string]string{"FSUPPLIERID": supplier},
	})
	require.NoError(b, err)
	bill, err := b.server.Approve(b.Context(), billNo)
	require.NoError(b, err)
	return bill
}

// returns asks for keys of PUR_MRAPP.
func (b *bundle) returns(keys, filter string) [][]any {
	b.Helper()
	return b.decode(b.ask(map[string]any{
		"FormId": sandbox.ReturnFormID, "FieldKeys": keys, "FilterString": filter, "OrderString": "FBillNo, FROWTYPE",
	}))
}

func TestEachFormHasItsOwnBillsAndKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	assembly := b.audited("A1", line("CP.LH.001", "5", "CK001"))
	request := b.returned("R1", "VEN00010", line("WL.BC.201", "3", "CK002"), line("WL.BC.202", "2", ""))
	require.Equal(t, []string{"A1"}, column(b.rows("FBillNo", "", ""), 0))
	require.Equal(t, [][]any{
		{"R1", "C", "A", "A", "100", "VEN00010", "嘉兴包装厂", "CK002", "3"},
		{"R1", "C", "A", "A", "100", "VEN00010", "嘉兴包装厂", nil, "2"},
	}, texts(b.returns("FBillNo,FDocumentStatus,FCancelStatus,FCLOSESTATUS,FAPPORGID.FNumber,FSUPPLIERID.FNumber,"+
		"FSUPPLIERID.FName,FSTOCKID.FNumber,FMRAPPQTY", "FSupplierId.FNumber = 'VEN00010'"), 8))
	require.Empty(t, b.returns("FBillNo", "FSupplierId.FNumber = 'VEN00020'"))

	r := b.ask(map[string]any{"FormId": sandbox.ReturnFormID, "FieldKeys": "FStockOrgId.FNumber"})
	require.Contains(t, r.body, "元数据中标识为FStockOrgId.FNumber的字段不存在", "that is a field of the other form")
	require.Contains(t, b.view(fmt.Sprint(assembly.ID)).body, `"STK_ASSEMBLYPRODUCT"`)
	require.Contains(t, b.view(fmt.Sprint(request.ID)).body, "未找到单据", "the id is of another form's bill")
	require.Contains(t, b.viewOf(sandbox.ReturnFormID, fmt.Sprint(request.ID)).body, `"SUPPLIERID_Id":150010`)

	b.server.SetPersonality(behaviour.Personality{HiddenForms: []string{sandbox.ReturnFormID}})
	for _, refused := range []reply{
		b.ask(map[string]any{"FormId": sandbox.ReturnFormID, "FieldKeys": "FID"}),
		b.viewOf(sandbox.ReturnFormID, fmt.Sprint(request.ID)),
	} {
		require.Contains(t, refused.body, "您没有该业务对象的查看权限")
	}
	require.Len(t, b.rows("FID", "", ""), 1)
}

// texts turns the cells of a column into text: numbers may come as 3 or 3.0.
func texts(rows [][]any, i int) [][]any {
	for _, r := range rows {
		if text := fmt.Sprint(r[i]); len(text) > 2 && text[len(text)-2:] == ".0" {
			r[i] = text[:len(text)-2]
		} else {
			r[i] = text
		}
	}
	return rows
}

func (b *bundle) viewOf(form, id string) reply {
	b.Helper()
	return b.post(queryService+"View.common.kdsvc", fmt.Sprintf(`{"formid":%q,"data":{"Id":%q}}`, form, id),
		"kdservice-sessionid", b.session)
}

func TestARequestToReturnGoodsMayBeClosed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.returned("R1", "VEN00010", line("WL.BC.201", "3", "CK002"))
	_, err := b.server.Do(t.Context(), "R1", books.ActionClose, books.Edit{}, "")
	require.NoError(t, err)
	row := b.returns("FCLOSESTATUS,FDocumentStatus,FCLOSEDATE", "")[0]
	require.Equal(t, []any{"B", "C"}, row[:2])
	require.NotEmpty(t, row[2])
	require.True(t, b.server.BillHistory("R1")[0].Closed)
	var flow *books.FlowError
	_, err = b.server.Unaudit(t.Context(), "R1")
	require.ErrorAs(t, err, &flow, "it is closed")
	_, err = b.server.Do(t.Context(), "R1", books.ActionReopen, books.Edit{}, "")
	require.NoError(t, err)
	require.Equal(t, []any{"A", nil}, b.returns("FCLOSESTATUS,FCLOSEDATE", "")[0])
	_, err = b.server.UnauditAndVoid(t.Context(), "R1")
	require.NoError(t, err)
	require.Equal(t, []any{"D", "B"}, b.returns("FDocumentStatus,FCancelStatus", "")[0])

	b.audited("A1")
	_, err = b.server.Do(t.Context(), "A1", books.ActionClose, books.Edit{}, "")
	require.ErrorAs(t, err, &flow, "assembly bills are not closed")
}

func TestReturnedGoodsLeaveByWarehouse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.returned("R1", "VEN00010", line("WL.BC.201", "3", "CK002"), line("WL.BC.202", "2", ""),
		line("WL.SP.101", "1", "CK002"))
	b.returned("R2", "VEN00020", line("WL.BC.201", "3", ""))
	require.Empty(t, b.server.AuditedOrders())
	orders := b.server.OutboundOrders()
	require.Len(t, orders, 1, "a line without a warehouse belongs to none")
	first := orders[0]
	require.Equal(t, []any{books.ReturnApp, "R1", "CK002", 2, "VEN00010", true},
		[]any{first.Form, first.BillNo, first.Stock, first.Lines, first.Partner, first.BillLive})
	below := component("WL.SP.101", "1", "CK001")
	for _, wrong := range []books.Bill{
		{Form: "PUR_PurchaseOrder"}, {Form: books.ReturnApp, AffairType: books.Assembly},
		{Form: books.ReturnApp, Lines: []books.Line{line("WL.BC.201", "1", "CK001", below)}},
	} {
		_, err := b.server.Create(t.Context(), wrong)
		require.ErrorIs(t, err, books.ErrInvalid)
	}
}

func TestAFormMayLackAKeyOrCallItOtherwise(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A1", line("CP.LH.001", "5", "CK001"))
	b.returned("R1", "VEN00010", line("WL.BC.201", "3", "CK002"))
	b.control("PUT", "personality", `{"renamed_keys":{"PUR_MRAPP/FSTOCKID":"F_ABC_Stock","FNote":"F_ABC_Note"},`+
		`"missing_keys":["PUR_MRAPP/FCancelStatus"]}`, 200, nil)
	require.Equal(t, []any{"CK002"}, b.returns("F_ABC_STOCK.FNumber", "F_ABC_Stock.FNumber = 'CK002'")[0])
	for _, key := range []string{"FSTOCKID.FNumber", "FCancelStatus"} {
		r := b.ask(map[string]any{"FormId": sandbox.ReturnFormID, "FieldKeys": key})
		require.Contains(t, r.body, "元数据中标识为"+key+"的字段不存在")
	}
	require.Equal(t, []any{"CK001", "A"}, b.rows("FStockID.FNumber,FCancelStatus", "", "")[0],
		"the other form has both")
	require.Contains(t, b.ask(map[string]any{"FieldKeys": "FNote"}).body, "FNote的字段不存在")
	require.Len(t, b.rows("F_ABC_Note", "", ""), 1)
}

func TestTheSeedHasRequestsToReturnGoods(t *testing.T) {
	t.Parallel()
	b := setup(t, seeded(sample.DefaultSeed))
	suppliers, bare := map[any]bool{}, 0
	for _, row := range b.returns("FSUPPLIERID.FNumber,FSTOCKID.FNumber,FEntity_FEntryID", "FDocumentStatus = 'C'") {
		suppliers[row[0]] = true
		if row[1] == nil {
			bare++
		}
	}
	require.Len(t, suppliers, 2)
	require.Equal(t, 3, bare, "lines without a warehouse")
}
