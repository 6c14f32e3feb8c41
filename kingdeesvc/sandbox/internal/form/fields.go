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

func headFields(c Catalogue) []Field {
	e := entity[*books.Bill]{LevelHead, func(get func(*books.Bill) filter.Value) func(Row) filter.Value {
		return func(r Row) filter.Value { return get(r.Bill) }
	}}
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

func lineFields(c Catalogue) []Field {
	e := entity[*books.Line]{LevelLine, ofLine}
	goods := entity[*books.Goods]{LevelLine, func(get func(*books.Goods) filter.Value) func(Row) filter.Value {
		return ofLine(func(l *books.Line) filter.Value { return get(&l.Goods) })
	}}
	return append(goodsFields(goods, "", c),
		e.field("FEntity_FEntryID", filter.Int, func(l *books.Line) filter.Value { return filter.IntValue(l.EntryID) }),
		e.text("FRowType", func(l *books.Line) string { return l.RowType }),
		e.decimal("Fee_ETY", func(l *books.Line) string { return l.Fee }),
		e.text("FSrcBillTypeId", func(l *books.Line) string { return l.SrcBillType }),
		e.text("FSrcBillNo", func(l *books.Line) string { return l.SrcBillNo }),
	)
}

func componentFields(c Catalogue) []Field {
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
