// Package assembled describes 组装拆卸单 (assembly and disassembly bills, form STK_AssembledApp): the forty keys of the
// public scheme page (qeasy.cloud solution-article 1273) and the component lines of qliang.cloud "查询金蝶组装拆卸单V3.0", in
// the case they were published in.
package assembled

import "github.com/voidrelay/voidrelay/kingdeesvc/internal/form"

// Entities of the form.
const (
	// Products are 成品.
	Products = "FEntity"
	// Components are 子件, below a product each.
	Components = "FSubEntity"
)

// Form is 组装拆卸单.
var Form = form.Form{
	ID:      "STK_AssembledApp",
	Title:   "组装拆卸单",
	English: "assembly bills",
	Head: []form.Column{
		{Key: "FID", Name: "id", Type: form.ID},
		{Key: "FBillNo", Name: "number", Type: form.BillNumber},
		{Key: "FDocumentStatus", Name: "document_status", Type: form.DocumentStatus},
		{Key: "FCANCELSTATUS", Name: "cancel_status", Type: form.CancelStatus},
		{Key: "FAffairType", Name: "kind", Type: form.Kind},
		{Key: "FModifyDate", Name: "modify_time", Type: form.Moment},
		{Key: "FCreateDate", Name: "create_time", Type: form.Moment},
		{Key: "FAPPROVEDATE", Name: "approve_time", Type: form.Moment},
		{Key: "FCANCELDATE", Name: "cancel_time", Type: form.Moment},
		{Key: "FStockOrgId.FNumber", Name: "org_number"},
		{Key: "FDate", Name: "date", Type: form.Day, Need: form.May},
		{Key: "FBillTypeID", Name: "bill_type_id", Need: form.May},
		{Key: "FOwnerTypeIdHead", Name: "owner_type", Need: form.May},
		{Key: "FOwnerIdHead.FNumber", Name: "owner_number", Need: form.May},
		{Key: "FEE", Name: "fee", Type: form.Decimal, Need: form.May},
		{Key: "FDeptID.FNumber", Name: "department_number", Need: form.May},
		{Key: "FNote", Name: "note", Need: form.May},
		{Key: "FSubProOwnTypeIdH", Name: "component_owner_type", Need: form.May},
		{Key: "FSubProOwnerIdH.FNumber", Name: "component_owner_number", Need: form.May},
	},
	Entities: []form.Entity{
		{Name: Products, Columns: []form.Column{
			{Key: "FEntity_FEntryID", Name: "id", Type: form.ID},
			{Key: "FMaterialID.FNumber", Name: "material_number"},
			{Key: "FMaterialID.FBARCODE", Name: "material_barcode", Need: form.May},
			{Key: "FUnitID.FNumber", Name: "unit_number", Need: form.May},
			{Key: "FQty", Name: "quantity", Type: form.Decimal},
			{Key: "Fee_ETY", Name: "fee", Type: form.Decimal, Need: form.May},
			{Key: "FStockID.FNumber", Name: "warehouse_number"},
			{Key: "FStockStatusID", Name: "stock_status_id", Need: form.May},
			{Key: "FDescription", Name: "description", Need: form.May},
			{Key: "FMTONO", Name: "mto_number", Need: form.May},
			{Key: "FOwnerTypeID", Name: "owner_type", Need: form.May},
			{Key: "FOwnerID.FNumber", Name: "owner_number", Need: form.May},
			{Key: "FKeeperTypeID", Name: "keeper_type", Need: form.May},
			{Key: "FKeeperID.FNumber", Name: "keeper_number", Need: form.May},
			{Key: "FBomID", Name: "bom_id", Need: form.May},
			{Key: "FProduceDate", Name: "produce_date", Type: form.Day, Need: form.May},
			{Key: "FEXPIRYDATE", Name: "expiry_date", Type: form.Day, Need: form.May},
			{Key: "FLOT.FNumber", Name: "lot_number", Need: form.May},
			{Key: "FSrcBillTypeId", Name: "source_bill_type_id", Need: form.May},
			{Key: "FSrcBillNo", Name: "source_bill_number", Need: form.May},
			// One public source names this key; on other forms it says whether a line stands for others.
			{Key: "FRowType", Name: "row_type", Need: form.May},
		}},
		{Name: Components, Columns: []form.Column{
			{Key: "FSubEntity_FDetailID", Name: "id", Type: form.ID},
			{Key: "FEntity_FEntryID", Name: "parent_id", Type: form.ID},
			{Key: "FMaterialIDSETY.FNumber", Name: "material_number"},
			{Key: "FUnitIDSETY.FNumber", Name: "unit_number", Need: form.May},
			{Key: "FQtySETY", Name: "quantity", Type: form.Decimal},
			{Key: "FStockIDSETY.FNumber", Name: "warehouse_number"},
			{Key: "FLOTSETY.FNumber", Name: "lot_number", Need: form.May},
		}},
	},
	Kinds: []string{"Assembly", "Dassembly"},
	Ends:  []form.End{form.Voided},
}
