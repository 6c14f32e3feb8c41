package form

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// Few field keys of PUR_MRAPP (退料申请单) are public: the application, department, supplier and purchase organisation,
// place and mode of the return and mode of the replacement (juejin.cn post 7278318534646808635), two quantities and the
// type of a row. The others are what bills of other forms call them. FCLOSESTATUS, FCLOSEDATE, FDESCRIPTION, FUNITID,
// FSTOCKID, FLOT and FSRCBILLNO are this sandbox's guess: a real form may have any other key in their place, which the
// switches missing_keys and renamed_keys play. The values of FRMLOC, FRMMODE and FREPLENISHMODE are texts that nobody
// checks.

func returnApp() description {
	return description{
		id:     books.ReturnApp,
		fields: func(c Catalogue) []Field { return slices.Concat(returnHead(c), returnLines(c)) },
		model:  returnModel,
	}
}

func returnHead(c Catalogue) []Field {
	e := head()
	base := func(kind, key string) []Field {
		return e.base(key, func(b *books.Bill) Base { return c.Find(kind, b.Extra[key]) })
	}
	own := func(key string) Field { return e.text(key, func(b *books.Bill) string { return b.Extra[key] }) }
	return slices.Concat([]Field{
		e.field("FID", filter.Int, func(b *books.Bill) filter.Value { return filter.IntValue(b.ID) }),
		e.text("FBillNo", func(b *books.Bill) string { return b.BillNo }),
		e.text("FDocumentStatus", func(b *books.Bill) string { return b.DocumentStatus }),
		e.text("FCancelStatus", func(b *books.Bill) string { return b.CancelStatus }),
		e.text("FCLOSESTATUS", func(b *books.Bill) string { return b.CloseStatus }),
		e.date("FDate", func(b *books.Bill) time.Time { return b.Date }),
		e.text("FBillTypeID", func(b *books.Bill) string { id, _ := BillType(b.BillType); return id }),
		e.text("FBillTypeID.FNumber", func(b *books.Bill) string { return b.BillType }),
		e.text("FDESCRIPTION", func(b *books.Bill) string { return b.Note }),
		e.date("FCreateDate", func(b *books.Bill) time.Time { return b.CreateDate }),
		e.date("FModifyDate", func(b *books.Bill) time.Time { return b.ModifyDate }),
		e.date("FApproveDate", func(b *books.Bill) time.Time { return b.ApproveDate }),
		e.date("FCancelDate", func(b *books.Bill) time.Time { return b.CancelDate }),
		e.date("FCLOSEDATE", func(b *books.Bill) time.Time { return b.CloseDate }),
		own("FRMLOC"), own("FRMMODE"), own("FREPLENISHMODE"),
	},
		e.base("FAPPORGID", func(b *books.Bill) Base { return c.Find(BaseOrg, b.StockOrg) }),
		e.base("FAPPDEPTID", func(b *books.Bill) Base { return c.Find(BaseDept, b.Dept) }),
		base(BaseOrg, "FPURCHASEORGID"), base(baseSupplier, "FSUPPLIERID"),
	)
}

func returnLines(c Catalogue) []Field {
	e, goods := entity[*books.Line]{LevelLine, ofLine}, lineGoods()
	return slices.Concat([]Field{
		e.field("FEntity_FEntryID", filter.Int, func(l *books.Line) filter.Value { return filter.IntValue(l.EntryID) }),
		e.text("FROWTYPE", func(l *books.Line) string { return l.RowType }),
		e.text("FSRCBILLNO", func(l *books.Line) string { return l.SrcBillNo }),
		e.decimal("FMRQTY", func(l *books.Line) string { return l.Extra["FMRQTY"] }),
		goods.decimal("FMRAPPQTY", func(g *books.Goods) string { return g.Qty }),
	},
		goods.base("FMATERIALID", func(g *books.Goods) Base { return c.Find(BaseMaterial, g.Material) }),
		goods.base("FUNITID", func(g *books.Goods) Base { return c.Find(BaseUnit, g.Unit) }),
		goods.base("FSTOCKID", func(g *books.Goods) Base { return c.Find(BaseStock, g.Stock) }),
		goods.base("FLOT", func(g *books.Goods) Base { return c.Find(baseLot, g.Lot) }),
	)
}

// returnModel is a request to return goods in the object model's words.
func returnModel(c Catalogue, b *books.Bill) map[string]any {
	lines := make([]map[string]any, len(b.Lines))
	for i := range b.Lines {
		line := &b.Lines[i]
		lines[i] = modelGoods(c, &line.Goods)
		lines[i]["Id"], lines[i]["Seq"] = line.EntryID, i+1
	}
	model := modelHead(b)
	model["CloseStatus"], model["CloseDate"] = b.CloseStatus, modelTime(b.CloseDate)
	model["APPORGID"] = modelBase(c.Find(BaseOrg, b.StockOrg))
	model["APPDEPTID"] = modelBase(c.Find(BaseDept, b.Dept))
	model["SUPPLIERID"] = modelBase(c.Find(baseSupplier, b.Extra["FSUPPLIERID"]))
	model["PURCHASEORGID"] = modelBase(c.Find(BaseOrg, b.Extra["FPURCHASEORGID"]))
	model["RMLOC"], model["RMMODE"] = b.Extra["FRMLOC"], b.Extra["FRMMODE"]
	model["REPLENISHMODE"], model["Description"] = b.Extra["FREPLENISHMODE"], b.Note
	model["PUR_MRAPPENTRY"] = lines
	return withIDs(model)
}
