package wire

import (
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/form"
)

// view answers View: one bill by Id or Number as nested objects with the names of
// the object model (BillNo, not FBillNo). MsgCode 10 means that it is gone.
func (s *Face) view(args, data arguments, p behaviour.Personality) ([]byte, error) {
	form := args.text("formid")
	if list, given, _ := args.positional(); given && len(list) > 1 {
		form = scalarText(list[0])
	}
	switch {
	case form == "":
		return nil, &vendorError{behaviour.MsgFormIDEmpty, "业务对象标识不能为空"}
	case !strings.EqualFold(form, s.FormID):
		return nil, &vendorError{behaviour.MsgUnknownField, "业务对象不存在"}
	}
	id, number := data.text("id"), data.text("number")
	if id == "" && number == "" {
		return nil, &vendorError{behaviour.MsgParameter, "单据内码和编码不能同时为空"}
	}
	b := s.viewed(id, number)
	switch {
	case b == nil:
		return nil, &vendorError{behaviour.MsgNoData, "未找到单据: " + id + number + "，数据不存在或已被删除"}
	case p.Hides(b):
		return nil, &vendorError{behaviour.MsgNoPermission, "您没有该数据的查看权限"}
	}
	return mustJSON(resultBody{resultInner{
		ResponseStatus: responseStatus{
			IsSuccess: true, Errors: []errorDetail{}, SuccessEntitys: []string{}, SuccessMessages: []string{},
		},
		Result: s.model(b),
	}}), nil
}

// viewed finds a bill as a reader sees it now; the id wins over the number.
func (s *Face) viewed(id, number string) *books.Bill {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		n = 0
	}
	return s.Store.Seen(n, number, s.Now())
}

// model is a bill in the object model's words.
func (s *Face) model(b *books.Bill) map[string]any {
	typeID, typeName := form.BillType(b.BillType)
	lines := make([]map[string]any, len(b.Lines))
	for i := range b.Lines {
		line := &b.Lines[i]
		lines[i] = s.modelGoods(&line.Goods)
		lines[i]["Id"], lines[i]["Seq"] = line.EntryID, i+1
		components := make([]map[string]any, len(line.Components))
		for j := range line.Components {
			components[j] = s.modelGoods(&line.Components[j].Goods)
			components[j]["Id"], components[j]["Seq"] = line.Components[j].DetailID, j+1
		}
		lines[i]["STK_ASSEMBLYSUBITEM"] = components
	}
	return withIDs(map[string]any{
		"Id": b.ID, "BillNo": b.BillNo, "DocumentStatus": b.DocumentStatus, "CancelStatus": b.CancelStatus,
		"Date": modelTime(b.Date), "AffairType": b.AffairType, "Note": b.Note,
		"BillTypeID": map[string]any{"Id": typeID, "Number": b.BillType, "Name": behaviour.MultiLanguage(typeName)},
		"StockOrgId": modelBase(s.Base.Find(form.BaseOrg, b.StockOrg)),
		"DeptID":     modelBase(s.Base.Find(form.BaseDept, b.Dept)),
		"CreateDate": modelTime(b.CreateDate), "ModifyDate": modelTime(b.ModifyDate),
		"ApproveDate": modelTime(b.ApproveDate), "CancelDate": modelTime(b.CancelDate),
		"STK_ASSEMBLYPRODUCT": lines,
	})
}

// withIDs puts an X_Id beside each reference X to base data, as the object model does; an unset one is 0.
func withIDs(object map[string]any) map[string]any {
	for _, name := range []string{"BillTypeID", "StockOrgId", "DeptID", "MaterialID", "UnitID", "StockID"} {
		reference, has := object[name]
		if !has {
			continue
		}
		object[name+"_Id"] = 0
		if base, set := reference.(map[string]any); set {
			object[name+"_Id"] = base["Id"]
		}
	}
	return object
}

func (s *Face) modelGoods(g *books.Goods) map[string]any {
	return withIDs(map[string]any{
		"MaterialID": modelBase(s.Base.Find(form.BaseMaterial, g.Material)),
		"UnitID":     modelBase(s.Base.Find(form.BaseUnit, g.Unit)),
		"StockID":    modelBase(s.Base.Find(form.BaseStock, g.Stock)),
		"Qty":        g.Qty, "Description": g.Description, "MTONO": g.MTONo,
	})
}

func modelBase(b form.Base) any {
	if b.Number == "" {
		return nil
	}
	return map[string]any{"Id": b.ID, "Number": b.Number, "Name": behaviour.MultiLanguage(b.Name)}
}

func modelTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format("2006-01-02T15:04:05.999")
}
