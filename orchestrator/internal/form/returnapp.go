package form

import "github.com/voidrelay/voidrelay/orchestrator/internal/rule"

// ReturnLines is what schemes call the lines of a request to return goods.
const ReturnLines rule.Source = "lines" // 明细

// ReturnApp is 退料申请单: goods leave for their supplier, so its one order is an outbound one. It was not tried against
// a real form. Its bills may be closed, and what Open lists are keys that no public source confirms.
var ReturnApp = rule.Form{
	ID:    "PUR_MRAPP",
	Title: "退料申请单",
	Lines: []rule.LineEntity{
		{Source: ReturnLines, Entity: "FEntity", Title: "明细", Fields: []string{"returned_quantity"}},
	},
	Fields: []string{"supplier_number", "purchase_org_number", "return_place", "return_mode", "replacement_mode"},
	Orders: []rule.FormOrder{
		{Kind: rule.OrderKind{Direction: rule.Out}, Lines: ReturnLines},
	},
	Closes: true,
	// Goods that failed the inspection go back before they were in a warehouse.
	WarehouseOptional: true,
	Open: []string{
		"document_status", "cancel_status", "close_status", "modify_time", "create_time", "approve_time", "cancel_time",
		"close_time", "date", "bill_type_id", "note",
		"FEntity.id", "FEntity.material_number", "FEntity.unit_number", "FEntity.warehouse_number",
		"FEntity.lot_number", "FEntity.source_bill_number",
	},
	Unkeyed: []string{
		"close_status", "close_time", "note",
		"FEntity.unit_number", "FEntity.warehouse_number", "FEntity.lot_number", "FEntity.source_bill_number",
	},
}
