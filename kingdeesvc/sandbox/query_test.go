package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func TestAVoidedBillIsFoundByThePublishedFilter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("ZZCX000001", line("CP.LH.001", "5", "CK001"))
	b.audited("ZZCX000002", line("CP.LH.001", "5", "CK001"))
	b.clock.advance(15 * time.Minute)
	_, err := b.server.UnauditAndVoid(t.Context(), "ZZCX000002")
	require.NoError(t, err)

	rows := b.rows("FID,FBillNo,FDocumentStatus,FCANCELSTATUS,FCANCELDATE,FAPPROVEDATE",
		"FBillTypeID.FNumber='ZZCX01_SYS' and FCancelStatus='B' and (FCancelDate>='2024-05-11 09:45:00' or "+
			"FModifyDate>='2024-05-11 09:45:00')", "FID ASC")
	require.Equal(t, "[[100006 ZZCX000002 D B 2024-05-11T09:45:00.583 <nil>]]", fmt.Sprint(rows))
	require.Empty(t, b.rows("FID", "FCancelStatus='B' and FCancelDate>='2024-05-11 09:45:01'", ""))
}

func TestCells(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clock.advance(137 * time.Millisecond) // stamps end in .72
	full := line("CP.LH.001", "52.50", "CK001")
	full.ProduceDate = time.Date(2023, 7, 3, 0, 0, 0, 0, start.Location())
	full.Lot, full.Fee = "L230703", "1"
	_, err := b.server.Create(t.Context(), books.Bill{
		BillNo: "N-1", StockOrg: "100", Note: `大促 "备货" \ 1`, Lines: []books.Line{full, line("", "", "")},
		Extra: map[string]string{"F_PAEZ_PUSHED": "true"},
	})
	require.NoError(t, err)

	r := b.ask(map[string]any{"FieldKeys": "FID,FStockOrgId,FStockOrgId.FNumber,FStockOrgId.FName,FDeptID," +
		"FDeptID.FNumber,FNote,FDate,FCreateDate,FCANCELDATE,F_PAEZ_PUSHED,FEE", "OrderString": "FID"})
	require.JSONEq(t, `[[100003,1,"100","杭州云栖贸易有限公司",0,null,"大促 \"备货\" `+
		`\\ 1","2024-05-11T00:00:00","2024-05-11T09:30:00.72",null,true,0]]`, r.body)

	r = b.ask(map[string]any{"FieldKeys": "FQty,Fee_ETY,FStockID,FStockID.FNumber,FMaterialID.FBARCODE,FProduceDate," +
		"FEXPIRYDATE,FLOT.FNumber,FBomID,FDescription", "OrderString": "FEntity_FEntryID"})
	require.JSONEq(t, `[[52.5,1,110501,"CK001","6970123450011","2023-07-03T00:00:00",null,"L230703",0,""],[0,0,0,`+
		`null,null,null,null,null,0,""]]`, r.body)

	_, err = b.server.Create(t.Context(), books.Bill{BillNo: "N-2"})
	require.NoError(t, err)
	r = b.ask(map[string]any{"FieldKeys": "FNote,FEE", "FilterString": "FBillNo='N-2' and FNote=''"})
	require.Equal(t, `[[" ",0.0]]`, r.body, "an even id shows empty text as a blank")

	b.server.SetPersonality(behaviour.Personality{DotNetDates: true})
	r = b.ask(map[string]any{"FieldKeys": "FCreateDate", "FilterString": "FBillNo='N-2'"})
	require.JSONEq(t, `[["/Date(1715391000720)/"]]`, r.body)
}

func TestRowsFanOutByEntity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A", line("P1", "1", "CK001", component("C1", "1", "CK003"), component("C2", "2", "CK003")),
		line("P2", "1", "CK002", component("C3", "3", "CK003")))
	b.audited("EMPTY")
	one := func(keys string) []string { return column(b.rows(keys, "FBillNo='A'", "FID"), 0) }
	require.Len(t, one("FBillNo"), 1)
	require.Len(t, one("FBillNo,FEntity_FEntryID"), 2)
	require.Len(t, one("FBillNo,FQtySETY"), 3)
	order := "FEntity_FEntryID,FSubEntity_FDetailID"
	require.Equal(t, "[[P1 C1 1.0] [P1 C2 2.0] [P2 C3 3.0]]",
		fmt.Sprint(b.rows("FMaterialID.FNumber,FMaterialIDSETY.FNumber,FQtySETY", "FBillNo='A'", order)))
	require.Len(t, b.rows("FBillNo", "FBillNo='A' and FQty=1", "FID"), 2, "a condition on the entity joins it as well")
	require.Equal(t, "[[<nil>]]", fmt.Sprint(b.rows("FEntity_FEntryID", "FBillNo='EMPTY'", "FID")))
	require.Equal(t, "[[<nil>]]", fmt.Sprint(b.rows("FSubEntity_FDetailID", "FBillNo='EMPTY'", "FID")))

	b.server.SetPersonality(behaviour.Personality{InnerJoin: true})
	require.Empty(t, b.rows("FEntity_FEntryID", "FBillNo='EMPTY'", "FID"))
	require.Len(t, b.rows("FID", "FBillNo='EMPTY'", "FID"), 1)
}

func TestAllPublishedKeysAreKnown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A", line("CP.LH.001", "1", "CK001", component("WL.SP.101", "1", "CK003")))
	head := "FID,FBillNo,FDocumentStatus,FStockOrgId.FNumber,FDate,FBillTypeID,FBillTypeID.FNumber,FOwnerTypeIdHead," +
		"FOwnerIdHead.FNumber,FAffairType,FEE,FDeptID.FNumber,FNote,FCreateDate,FModifyDate,FAPPROVEDATE,FCANCELDATE," +
		"FCANCELSTATUS,FSubProOwnTypeIdH,FSubProOwnerIdH.FNumber"
	entry := "FRowType,FMaterialID.FNumber,FMaterialID.FBARCODE,FUnitID.FNumber,FQty,Fee_ETY,FStockID.FNumber," +
		"FStockStatusID,FDescription,FMTONO,FOwnerTypeID,FOwnerID.FNumber,FKeeperTypeID,FKeeperID.FNumber,FBomID," +
		"FProduceDate,FEXPIRYDATE,FLOT.FNumber,FSrcBillTypeId,FSrcBillNo,FEntity_FEntryID"
	component := "FMaterialIDSETY.FNumber,FMaterialIDSETY.FBARCODE,FUnitIDSETY.FNumber,FQtySETY,FStockIDSETY.FNumber," +
		"FStockStatusIDSETY,FLOTSETY.FNumber,FOwnerTypeIDSETY,FOwnerIDSETY.FNumber,FKeeperTypeIDSETY," +
		"FKeeperIDSETY.FNumber,FDescriptionSETY,FMTONOSETY,FProduceDateSETY,FEXPIRYDATESETY,FBomIDSETY," +
		"FSubEntity_FDetailID"
	b.server.SetPersonality(behaviour.Personality{StrictKeyCase: true})
	require.Len(t, b.rows(head+","+entry, "", "FID")[0], 41)
	require.Len(t, b.rows(head+","+entry+","+component, "", "FID")[0], 58)
}

func TestFailuresComeInsideHTTP200(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fails := func(code int, message string, parameters map[string]any) {
		t.Helper()
		r := b.ask(parameters)
		require.Equal(t, http.StatusOK, r.status)
		require.JSONEq(t, fmt.Sprintf(`[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,`+
			`"Errors":[{"FieldName":null,"Message":%q,"DIndex":0}],"SuccessEntitys":[],"SuccessMessages":[],`+
			`"MsgCode":%d}}}]]`, message, code), r.body)
	}
	fails(9, "元数据中标识为FStockOrgId_FNumber的字段不存在", map[string]any{"FieldKeys": "FID,FStockOrgId_FNumber"})
	fails(9, "元数据中标识为FSupplierId.FNumber的字段不存在",
		map[string]any{"FieldKeys": "FID", "FilterString": "FSupplierId.FNumber = 'VEN00010'"})
	fails(9, "元数据中标识为FNope的字段不存在", map[string]any{"FieldKeys": "FID", "OrderString": "FNope desc"})
	fails(9, "业务对象不存在", map[string]any{"FormId": "PUR_PurchaseOrder", "FieldKeys": "FID"})
	fails(5, "业务对象标识不能为空", map[string]any{"FormId": "", "FieldKeys": "FID"})
	fails(8, "查询字段FieldKeys不能为空", map[string]any{"FieldKeys": ""})
	fails(8, "参数limit不是有效的整数", map[string]any{"FieldKeys": "FID", "Limit": "many"})
	fails(8, "排序字段OrderString错误: FID sideways", map[string]any{"FieldKeys": "FID", "OrderString": "FID sideways"})
	fails(8, "过滤条件解析错误: filter: position 6: a key or a literal is expected",
		map[string]any{"FieldKeys": "FID", "FilterString": "FID >="})
	fails(8, `过滤条件错误: filter: FModifyDate: "soon" is not a date`,
		map[string]any{"FieldKeys": "FID", "FilterString": "FModifyDate>='soon'"})

	require.Empty(t, b.rows("fid,fcanceldate", "", ""), "keys are found in any case")
	b.server.SetPersonality(behaviour.Personality{StrictKeyCase: true})
	fails(9, "元数据中标识为fid的字段不存在", map[string]any{"FieldKeys": "fid"})
	b.server.SetPersonality(behaviour.Personality{NoRowType: true})
	fails(9, "元数据中标识为FRowType的字段不存在", map[string]any{"FieldKeys": "FRowType"})
	b.server.SetPersonality(behaviour.Personality{MissingKeys: []string{"flot", "FBomID"}})
	fails(9, "元数据中标识为FLOT.FNumber的字段不存在", map[string]any{"FieldKeys": "FID,FLOT.FNumber"})
	fails(9, "元数据中标识为FBOMID的字段不存在", map[string]any{"FieldKeys": "FBOMID"})
}

func TestBodiesOfPublicClientsAreAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	inner := `{"FormId":"STK_AssembledApp","FieldKeys":"FBillNo","FilterString":"","Limit":"2","StartRow":0,` +
		`"TopRowCount":0}`
	quoted := `"{\"FormId\":\"STK_AssembledApp\",\"FieldKeys\":\"FBillNo\",\"FilterString\":[],\"Limit\":2}"`
	for _, body := range []string{
		`{"data":` + inner + `}`,
		`{"data":` + quoted + `}`,
		`{"parameters":[` + quoted + `]}`,
		`{"format":1,"useragent":"ApiClient","rid":"1","parameters":[` + quoted +
			`],"timestamp":"2024-05-11","v":"1.0"}`,
		`{"format":1,"useragent":"ApiClient","rid":"1","parameters":"[\"{\\\"FormId\\\":\\\"STK_AssembledApp\\\",` +
			`\\\"FieldKeys\\\":\\\"FBillNo\\\"}\"]","v":"1.0"}`,
		`{"FormId":"STK_AssembledApp","data":` + inner + `}`,
		inner,
	} {
		r := b.post(queryService+"ExecuteBillQuery.common.kdsvc", body, "kdservice-sessionid", b.session)
		require.Equal(t, `[["A"]]`, r.body, body)
	}
	r := b.post("/k3cloud//kingdee.bos.webapi.servicesstub.dynamicformservice.EXECUTEBILLQUERY.common.kdsvc",
		"data=%7B%22FormId%22%3A%22STK_AssembledApp%22%2C%22FieldKeys%22%3A%22FBillNo%22%7D",
		"Content-Type", "application/x-www-form-urlencoded",
		"Cookie", "Theme=standard; kdservice-sessionid="+b.session+"; path=/; HttpOnly")
	require.Equal(t, `[["A"]]`, r.body)
	r = b.post(queryService+"ExecuteBillQuery.common.kdsvc", "not json", "kdservice-sessionid", b.session)
	require.Contains(t, r.body, `"MsgCode":8`)
}

func TestBillQueryNamesItsCells(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A", line("CP.LH.001", "1", "CK001"))
	body := `{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FBillNo,FStockID.FNumber"}}`
	r := b.post(queryService+"BillQuery.common.kdsvc", body, "kdservice-sessionid", b.session)
	require.Equal(t, `[{"FBillNo":"A","FStockID.FNumber":"CK001"}]`, r.body)
	b.server.SetPersonality(behaviour.Personality{OldServer: true})
	require.Equal(t, http.StatusNotFound,
		b.post(queryService+"BillQuery.common.kdsvc", body, "kdservice-sessionid", b.session).status)
}
