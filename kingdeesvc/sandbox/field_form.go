package sandbox

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// The field keys of STK_AssembledApp are those of the published list at
// qliang.cloud/api/cce5a25d-172e-3801-84f8-266d490fe308 (查询金蝶组装拆卸单).
// Dates occur there and in published filters in two spellings; both are known.

func headFields(c catalogue) []field {
	e := entity[*Bill]{levelHead, func(get func(*Bill) filter.Value) func(row) filter.Value {
		return func(r row) filter.Value { return get(r.bill) }
	}}
	approve := func(b *Bill) time.Time { return b.ApproveDate }
	cancel := func(b *Bill) time.Time { return b.CancelDate }
	void := func(b *Bill) string { return b.CancelStatus }
	typeID := func(b *Bill) string { id, _ := billType(b.BillType); return id }
	typeName := func(b *Bill) string { _, name := billType(b.BillType); return name }
	return slices.Concat([]field{
		e.field("FID", filter.Int, func(b *Bill) filter.Value { return filter.IntValue(b.ID) }),
		e.text("FBillNo", func(b *Bill) string { return b.BillNo }),
		e.text("FDocumentStatus", func(b *Bill) string { return b.DocumentStatus }),
		e.text("FCancelStatus", void),
		e.text("FCANCELSTATUS", void),
		e.date("FDate", func(b *Bill) time.Time { return b.Date }),
		e.text("FBillTypeID", typeID),
		e.text("FBillTypeID.FNumber", func(b *Bill) string { return b.BillType }),
		e.text("FBillTypeID.FName", typeName),
		e.text("FOwnerTypeIdHead", func(b *Bill) string { return b.OwnerType }),
		e.text("FSubProOwnTypeIdH", func(b *Bill) string { return b.SubOwnerType }),
		e.text("FAffairType", func(b *Bill) string { return b.AffairType }),
		e.decimal("FEE", func(b *Bill) string { return b.Fee }),
		e.text("FNote", func(b *Bill) string { return b.Note }),
		e.date("FCreateDate", func(b *Bill) time.Time { return b.CreateDate }),
		e.date("FModifyDate", func(b *Bill) time.Time { return b.ModifyDate }),
		e.date("FApproveDate", approve),
		e.date("FAPPROVEDATE", approve),
		e.date("FCancelDate", cancel),
		e.date("FCANCELDATE", cancel),
	},
		e.base("FStockOrgId", func(b *Bill) base { return c.find(baseOrg, b.StockOrg) }),
		e.base("FDeptID", func(b *Bill) base { return c.find(baseDept, b.Dept) }),
		e.base("FOwnerIdHead", func(b *Bill) base { return c.find(ownerKind(b.OwnerType), b.Owner) }),
		e.base("FSubProOwnerIdH", func(b *Bill) base { return c.find(ownerKind(b.SubOwnerType), b.SubOwner) }),
	)
}

func lineFields(c catalogue) []field {
	e := entity[*Line]{levelLine, ofLine}
	goods := entity[*Goods]{levelLine, func(get func(*Goods) filter.Value) func(row) filter.Value {
		return ofLine(func(l *Line) filter.Value { return get(&l.Goods) })
	}}
	return append(goodsFields(goods, "", c),
		e.field("FEntity_FEntryID", filter.Int, func(l *Line) filter.Value { return filter.IntValue(l.EntryID) }),
		e.text("FRowType", func(l *Line) string { return l.RowType }),
		e.decimal("Fee_ETY", func(l *Line) string { return l.Fee }),
		e.text("FSrcBillTypeId", func(l *Line) string { return l.SrcBillType }),
		e.text("FSrcBillNo", func(l *Line) string { return l.SrcBillNo }),
	)
}

func componentFields(c catalogue) []field {
	goods := entity[*Goods]{levelComponent, func(get func(*Goods) filter.Value) func(row) filter.Value {
		return ofComponent(func(x *Component) filter.Value { return get(&x.Goods) })
	}}
	e := entity[*Component]{levelComponent, ofComponent}
	return append(goodsFields(goods, "SETY", c),
		e.field("FSubEntity_FDetailID", filter.Int, func(x *Component) filter.Value { return filter.IntValue(x.DetailID) }))
}

// goodsFields are the keys that product and component lines share; those of
// components carry the suffix SETY.
func goodsFields(e entity[*Goods], suffix string, c catalogue) []field {
	material := func(g *Goods) base { return c.find(baseMaterial, g.Material) }
	return slices.Concat([]field{
		e.part("FMaterialID"+suffix+".FBARCODE", material, func(b base) string { return b.Barcode }),
		e.decimal("FQty"+suffix, func(g *Goods) string { return g.Qty }),
		e.text("FDescription"+suffix, func(g *Goods) string { return g.Description }),
		e.text("FMTONO"+suffix, func(g *Goods) string { return g.MTONo }),
		e.text("FOwnerTypeID"+suffix, func(g *Goods) string { return g.OwnerType }),
		e.text("FKeeperTypeID"+suffix, func(g *Goods) string { return g.KeeperType }),
		e.date("FProduceDate"+suffix, func(g *Goods) time.Time { return g.ProduceDate }),
		e.date("FEXPIRYDATE"+suffix, func(g *Goods) time.Time { return g.ExpiryDate }),
	},
		e.base("FMaterialID"+suffix, material),
		e.base("FUnitID"+suffix, func(g *Goods) base { return c.find(baseUnit, g.Unit) }),
		e.base("FStockID"+suffix, func(g *Goods) base { return c.find(baseStock, g.Stock) }),
		e.base("FStockStatusID"+suffix, func(g *Goods) base { return c.find(baseStockStatus, g.StockStatus) }),
		e.base("FOwnerID"+suffix, func(g *Goods) base { return c.find(ownerKind(g.OwnerType), g.Owner) }),
		e.base("FKeeperID"+suffix, func(g *Goods) base { return c.find(ownerKind(g.KeeperType), g.Keeper) }),
		e.base("FBomID"+suffix, func(g *Goods) base { return c.find(baseBom, g.Bom) }),
		e.base("FLOT"+suffix, func(g *Goods) base { return c.find(baseLot, g.Lot) }),
	)
}
