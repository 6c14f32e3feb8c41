package form

import "github.com/voidrelay/voidrelay/orchestrator/internal/rule"

// Kinds of an assembly bill: values of FAffairType 事务类型.
const (
	Assembly  = "Assembly"  // 组装: components out, product in
	Dassembly = "Dassembly" // 拆卸: product out, components in
)

// What schemes call the lines of an assembly bill.
const (
	Products   rule.Source = "products"   // 成品
	Components rule.Source = "components" // 子件
)

// AssembledApp is 组装拆卸单.
var AssembledApp = rule.Form{
	ID:    "STK_AssembledApp",
	Title: "组装拆卸单",
	Kinds: []string{Assembly, Dassembly},
	Lines: []rule.LineEntity{
		{Source: Products, Entity: "FEntity", Title: "成品"},
		{Source: Components, Entity: "FSubEntity", Title: "子件"},
	},
	Orders: []rule.FormOrder{
		{Kind: rule.OrderKind{BillKind: Assembly, Direction: rule.In}, Lines: Products},
		{Kind: rule.OrderKind{BillKind: Assembly, Direction: rule.Out}, Lines: Components},
		{Kind: rule.OrderKind{BillKind: Dassembly, Direction: rule.In}, Lines: Components},
		{Kind: rule.OrderKind{BillKind: Dassembly, Direction: rule.Out}, Lines: Products},
	},
}
