// Package form is the forms of bill that the sandbox knows: which fields a query may name, on which level each is, how
// View shows a bill, and the base data (基础资料) that bills refer to by number. A form is a file; how its bills flow
// stands in package books.
package form

import (
	"fmt"
	"hash/fnv"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// Base is one piece of base data (基础资料).
type Base struct {
	ID      int64
	Number  string
	Name    string
	Barcode string
}

// kinds of base data.
const (
	BaseOrg         = "org"
	BaseStock       = "stock"
	BaseMaterial    = "material"
	BaseUnit        = "unit"
	BaseDept        = "dept"
	baseCustomer    = "customer"
	baseSupplier    = "supplier"
	baseStockStatus = "stock status"
	baseLot         = "lot"
	baseBom         = "bom"
)

// ownerKind is the kind of base data that an owner or keeper type points at.
func ownerKind(ownerType string) string {
	switch ownerType {
	case "BD_Supplier":
		return baseSupplier
	case "BD_Customer":
		return baseCustomer
	default:
		return BaseOrg
	}
}

// baseCatalogue is a function's result and not a variable so that nobody can
// change it; newCatalogue indexes it once per server.
func baseCatalogue() map[string][]Base {
	return map[string][]Base{
		BaseOrg: {
			{ID: 1, Number: "100", Name: "杭州云栖贸易有限公司"},
			{ID: 100042, Number: "200", Name: "广州云栖供应链有限公司"},
		},
		BaseStock: {
			{ID: 110501, Number: "CK001", Name: "杭州成品仓"},
			{ID: 110502, Number: "CK002", Name: "义乌电商仓"},
			{ID: 110503, Number: "CK003", Name: "嘉兴物料仓"},
			{ID: 110504, Number: "CK004", Name: "广州分拨仓"},
			{ID: 110505, Number: "CK005", Name: "退货质检仓"},
		},
		BaseMaterial: {
			{ID: 120001, Number: "CP.LH.001", Name: "端午礼盒(尊享)", Barcode: "6970123450011"},
			{ID: 120002, Number: "CP.LH.002", Name: "中秋礼盒(标准)", Barcode: "6970123450028"},
			{ID: 120003, Number: "CP.TZ.010", Name: "护肤三件套", Barcode: "6970123450103"},
			{ID: 120004, Number: "CP.TZ.011", Name: "茶具套装六件", Barcode: "6970123450110"},
			{ID: 120005, Number: "CP.TZ.012", Name: "收纳箱三只装", Barcode: ""},
			{ID: 121001, Number: "WL.SP.101", Name: "蛋黄酥 60g", Barcode: "6970123451018"},
			{ID: 121002, Number: "WL.SP.102", Name: "龙井茶 50g", Barcode: "6970123451025"},
			{ID: 121003, Number: "WL.SP.103", Name: "洁面乳 100ml", Barcode: "6970123451032"},
			{ID: 121004, Number: "WL.SP.104", Name: "精华液 30ml", Barcode: "6970123451049"},
			{ID: 121005, Number: "WL.SP.105", Name: "白瓷茶杯", Barcode: "6970123451056"},
			{ID: 121006, Number: "WL.BC.201", Name: "礼盒外箱", Barcode: ""},
			{ID: 121007, Number: "WL.BC.202", Name: "手提袋", Barcode: ""},
		},
		BaseUnit: {
			{ID: 10101, Number: "Pcs", Name: "个"},
			{ID: 10102, Number: "Set", Name: "套"},
			{ID: 10103, Number: "Box", Name: "盒"},
		},
		BaseDept: {
			{ID: 130001, Number: "BM000001", Name: "仓储部"},
			{ID: 130002, Number: "BM000002", Name: "电商运营部"},
		},
		baseCustomer: {{ID: 140001, Number: "CUST0001", Name: "某品牌方(代管)"}},
		baseSupplier: {
			{ID: 150010, Number: "VEN00010", Name: "嘉兴包装厂"},
			{ID: 150020, Number: "VEN00020", Name: "湖州食品厂"},
		},
		baseStockStatus: {{ID: 10000, Number: "KCZT01_SYS", Name: "可用"}, {ID: 10004, Number: "KCZT08_SYS", Name: "不良"}},
	}
}

// Catalogue is the base data that the sandbox comes with, by kind and number.
type Catalogue map[string]map[string]Base

// NewCatalogue indexes the base data.
func NewCatalogue() Catalogue {
	c := Catalogue{}
	for kind, list := range baseCatalogue() {
		c[kind] = map[string]Base{}
		for _, b := range list {
			c[kind][b.Number] = b
		}
	}
	return c
}

// Find gives the base data with a number. A number nobody listed still has an
// internal id, always the same, because tests and lots invent numbers freely.
func (c Catalogue) Find(kind, number string) Base {
	if b, ok := c[kind][number]; ok || number == "" {
		return b
	}
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s/%s", kind, number)
	return Base{ID: 1_000_000 + int64(h.Sum32()%900_000_000), Number: number, Name: number}
}

// BillType is the raw id, number and name of a bill type. Standard types have an
// id of 32 hexadecimal digits, others of 14.
func BillType(number string) (id, name string) {
	switch number {
	case books.DefaultBillType:
		return "3d2f9a60c1e74b8f9a1d5c7e2b4f6081", "标准组装拆卸"
	case "":
		return "", ""
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(number))
	return fmt.Sprintf("%014x", h.Sum64()>>8), number
}
