// Package returnapp describes 退料申请单 (requests to return goods to a supplier, form PUR_MRAPP). Public sources confirm
// few of its keys: a field list on juejin.cn (post 7278318534646808635: application, department, supplier and purchase
// organisation, place and mode of the return, mode of the replacement) and two of its quantities. What every bill of
// Kingdee's is known to have is taken for granted here, too, and left open: a request may name another key. A column
// that has no key is read only where a request names one.
//
// The table was not tried against a real form.
package returnapp

import "github.com/voidrelay/voidrelay/kingdeesvc/internal/form"

// Lines is the one entity: 明细.
const Lines = "FEntity"

// Form is 退料申请单.
var Form = form.Form{
	ID:      "PUR_MRAPP",
	Title:   "退料申请单",
	English: "return requests",
	Head: []form.Column{
		{Key: "FID", Name: "id", Type: form.ID},
		{Key: "FBillNo", Name: "number", Type: form.BillNumber},
		{Key: "FDocumentStatus", Name: "document_status", Type: form.DocumentStatus, Open: true},
		{Key: "FCancelStatus", Name: "cancel_status", Type: form.CancelStatus, Open: true},
		{Name: "close_status", Type: form.CloseStatus, Open: true},
		{Key: "FModifyDate", Name: "modify_time", Type: form.Moment, Open: true},
		{Key: "FCreateDate", Name: "create_time", Type: form.Moment, Open: true},
		{Key: "FApproveDate", Name: "approve_time", Type: form.Moment, Open: true},
		{Key: "FCancelDate", Name: "cancel_time", Type: form.Moment, Open: true},
		{Name: "close_time", Type: form.Moment, Need: form.May, Open: true},
		{Key: "FAPPORGID.FNumber", Name: "org_number"},
		{Key: "FDate", Name: "date", Type: form.Day, Need: form.May, Open: true},
		{Key: "FBillTypeID", Name: "bill_type_id", Need: form.May, Open: true},
		{Key: "FAPPDEPTID.FNumber", Name: "department_number", Need: form.May},
		{Name: "note", Need: form.May, Open: true},
		{Key: "FSUPPLIERID.FNumber", Name: "supplier_number", Need: form.May},
		{Key: "FPURCHASEORGID.FNumber", Name: "purchase_org_number", Need: form.May},
		{Key: "FRMLOC", Name: "return_place", Need: form.May},
		{Key: "FRMMODE", Name: "return_mode", Need: form.May},
		{Key: "FREPLENISHMODE", Name: "replacement_mode", Need: form.May},
	},
	Entities: []form.Entity{
		{Name: Lines, Columns: []form.Column{
			{Key: "FEntity_FEntryID", Name: "id", Type: form.ID, Open: true},
			{Key: "FMATERIALID.FNumber", Name: "material_number", Open: true},
			{Name: "unit_number", Need: form.May, Open: true},
			{Key: "FMRAPPQTY", Name: "quantity", Type: form.Decimal},
			{Key: "FMRQTY", Name: "returned_quantity", Type: form.Decimal, Need: form.May},
			{Name: "warehouse_number", Need: form.May, Open: true},
			{Name: "lot_number", Need: form.May, Open: true},
			{Name: "source_bill_number", Need: form.May, Open: true},
			{Key: "FROWTYPE", Name: "row_type", Need: form.May},
		}},
	},
	Ends: []form.End{form.Voided, form.Closed},
}
