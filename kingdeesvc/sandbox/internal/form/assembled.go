package form

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// The field keys of STK_AssembledApp are those of the published list at
// qliang.cloud/api/cce5a25d-172e-3801-84f8-266d490fe308 (查询金蝶组装拆卸单).
// Dates occur there and in published filters in two spellings; both are known.

func assembledApp() description {
	return description{
		id: books.AssembledApp,
		fields: func(c Catalogue) []Field {
			return slices.Concat(assembledHead(c), assembledLines(c), assembledComponents(c))
		},
		model: assembledModel,
	}
}

func assembledHead(c Catalogue) []Field {
	e := head()
	approve := func(b *books.Bill) time.Time { return b.ApproveDate }
	cancel := func(b *books.Bill) time.Time { return b.CancelDate }
	void := func(b *books.Bill) string { return b.CancelStatus }
	typeID := func(b *books.Bill) string { id, _ := BillType(b.BillType); return id }
	typeName := func(b *books.Bill) string { _, name := BillType(b.BillType); return name }
	return slices.Concat([]Field{
		e.field("FID", filter.Int, func(b *books.Bill) filter.Value { return filter.IntValue(b.ID) }),
		e.text("FBillNo", func(b *books.Bill) string { return b.BillNo }),
		e.text("FDocumentStatus", func(b *books.Bill) string { return b.DocumentStatus }),
		e.text("FCancelStatus", void),
		e.text("FCANCELSTATUS", void),
		e.date("FDate", func(b *books.Bill) time.Time { return b.Date }),
		e.text("FBillTypeID", typeID),
		e.text("FBillTypeID.FNumber", func(b *books.Bill) string { return b.BillType }),
		e.text("FBillTypeID.FName", typeName),
		e.text("FOwnerTypeIdHead", func(b *books.Bill) string { return b.OwnerType }),
		e.text("FSubProOwnTypeIdH", func(b *books.Bill) string { return b.SubOwnerType }),
		e.text("FAffairType", func(b *books.Bill) string { return b.AffairType }),
		e.decimal("FEE", func(b *books.Bill) string { return b.Fee }),
		e.text("FNote", func(b *books.Bill) string { return b.Note }),
		e.date("FCreateDate", func(b *books.Bill) time.Time { return b.CreateDate }),
		e.date("FModifyDate", func(b *books.Bill) time.Time { return b.ModifyDate }),
		e.date("FApproveDate", approve),
		e.date("FAPPROVEDATE", approve),
		e.date("FCancelDate", cancel),
		e.date("FCANCELDATE", cancel),
	},
		e.base("FStockOrgId", func(b *books.Bill) Base { return c.Find(BaseOrg, b.StockOrg) }),
		e.base("FDeptID", func(b *books.Bill) Base { return c.Find(BaseDept, b.Dept) }),
		e.base("FOwnerIdHead", func(b *books.Bill) Base { return c.Find(ownerKind(b.OwnerType), b.Owner) }),
		e.base("FSubProOwnerIdH", func(b *books.Bill) Base { return c.Find(ownerKind(b.SubOwnerType), b.SubOwner) }),
	)
}

func assembledLines(c Catalogue) []Field {
	e := entity[*books.Line]{LevelLine, ofLine}
	return append(goodsFields(lineGoods(), "", c),
		e.field("FEntity_FEntryID", filter.Int, func(l *books.Line) filter.Value { return filter.IntValue(l.EntryID) }),
		e.text("FRowType", func(l *books.Line) string { return l.RowType }),
		e.decimal("Fee_ETY", func(l *books.Line) string { return l.Fee }),
		e.text("FSrcBillTypeId", func(l *books.Line) string { return l.SrcBillType }),
		e.text("FSrcBillNo", func(l *books.Line) string { return l.SrcBillNo }),
	)
}

func assembledComponents(c Catalogue) []Field {
	goods := entity[*books.Goods]{levelComponent, func(get func(*books.Goods) filter.Value) func(Row) filter.Value {
		return ofComponent(func(x *books.Component) filter.Value { return get(&x.Goods) })
	}}
	e := entity[*books.Component]{levelComponent, ofComponent}
	return append(goodsFields(goods, "SETY", c),
		e.field("FSubEntity_FDetailID", filter.Int,
			func(x *books.Component) filter.Value { return filter.IntValue(x.DetailID) }))
}

// goodsFields are the keys that product and component lines share; those of
// components carry the suffix SETY.
func goodsFields(e entity[*books.Goods], suffix string, c Catalogue) []Field {
	material := func(g *books.Goods) Base { return c.Find(BaseMaterial, g.Material) }
	return slices.Concat([]Field{
		e.part("FMaterialID"+suffix+".FBARCODE", material, func(b Base) string { return b.Barcode }),
		e.decimal("FQty"+suffix, func(g *books.Goods) string { return g.Qty }),
		e.text("FDescription"+suffix, func(g *books.Goods) string { return g.Description }),
		e.text("FMTONO"+suffix, func(g *books.Goods) string { return g.MTONo }),
		e.text("FOwnerTypeID"+suffix, func(g *books.Goods) string { return g.OwnerType }),
		e.text("FKeeperTypeID"+suffix, func(g *books.Goods) string { return g.KeeperType }),
		e.date("FProduceDate"+suffix, func(g *books.Goods) time.Time { return g.ProduceDate }),
		e.date("FEXPIRYDATE"+suffix, func(g *books.Goods) time.Time { return g.ExpiryDate }),
	},
		e.base("FMaterialID"+suffix, material),
		e.base("FUnitID"+suffix, func(g *books.Goods) Base { return c.Find(BaseUnit, g.Unit) }),
		e.base("FStockID"+suffix, func(g *books.Goods) Base { return c.Find(BaseStock, g.Stock) }),
		e.base("FStockStatusID"+suffix, func(g *books.Goods) Base { return c.Find(baseStockStatus, g.StockStatus) }),
		e.base("FOwnerID"+suffix, func(g *books.Goods) Base { return c.Find(ownerKind(g.OwnerType), g.Owner) }),
		e.base("FKeeperID"+suffix, func(g *books.Goods) Base { return c.Find(ownerKind(g.KeeperType), g.Keeper) }),
		e.base("FBomID"+suffix, func(g *books.Goods) Base { return c.Find(baseBom, g.Bom) }),
		e.base("FLOT"+suffix, func(g *books.Goods) Base { return c.Find(baseLot, g.Lot) }),
	)
}

// assembledModel is an assembly bill in the object model's words.
func assembledModel(c Catalogue, b *books.Bill) map[string]any {
	lines := make([]map[string]any, len(b.Lines))
	for i := range b.Lines {
		line := &b.Lines[i]
		lines[i] = modelGoods(c, &line.Goods)
		lines[i]["Id"], lines[i]["Seq"] = line.EntryID, i+1
		components := make([]map[string]any, len(line.Components))
		for j := range line.Components {
			components[j] = modelGoods(c, &line.Components[j].Goods)
			components[j]["Id"], components[j]["Seq"] = line.Components[j].DetailID, j+1
		}
		lines[i]["STK_ASSEMBLYSUBITEM"] = components
	}
	model := modelHead(b)
	model["AffairType"], model["Note"] = b.AffairType, b.Note
	model["StockOrgId"] = modelBase(c.Find(BaseOrg, b.StockOrg))
	model["DeptID"] = modelBase(c.Find(BaseDept, b.Dept))
	model["STK_ASSEMBLYPRODUCT"] = lines
	return withIDs(model)
}
