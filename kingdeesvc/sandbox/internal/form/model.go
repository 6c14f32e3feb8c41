package form

import (
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// modelHead is what the object model has of a bill of any form.
func modelHead(b *books.Bill) map[string]any {
	typeID, typeName := BillType(b.BillType)
	return map[string]any{
		"Id": b.ID, "BillNo": b.BillNo, "DocumentStatus": b.DocumentStatus, "CancelStatus": b.CancelStatus,
		"Date":       modelTime(b.Date),
		"BillTypeID": map[string]any{"Id": typeID, "Number": b.BillType, "Name": behaviour.MultiLanguage(typeName)},
		"CreateDate": modelTime(b.CreateDate), "ModifyDate": modelTime(b.ModifyDate),
		"ApproveDate": modelTime(b.ApproveDate), "CancelDate": modelTime(b.CancelDate),
	}
}

func modelGoods(c Catalogue, g *books.Goods) map[string]any {
	return withIDs(map[string]any{
		"MaterialID": modelBase(c.Find(BaseMaterial, g.Material)),
		"UnitID":     modelBase(c.Find(BaseUnit, g.Unit)),
		"StockID":    modelBase(c.Find(BaseStock, g.Stock)),
		"Qty":        g.Qty, "Description": g.Description, "MTONO": g.MTONo,
	})
}

// withIDs puts an X_Id beside each reference X to base data, as the object model does; an unset one is 0.
func withIDs(object map[string]any) map[string]any {
	ids := map[string]any{}
	for name, value := range object {
		base, set := value.(map[string]any)
		switch {
		case set:
			ids[name+"_Id"] = base["Id"]
		case value == nil && strings.HasSuffix(strings.ToLower(name), "id"):
			ids[name+"_Id"] = 0
		}
	}
	for name, id := range ids {
		object[name] = id
	}
	return object
}

// modelBase is a reference to base data; nil where it is unset.
func modelBase(b Base) any {
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
