package form

import "github.com/voidrelay/voidrelay/orchestrator/internal/rule"

// Kinds of an assembly bill: values of FAffairType 事务类型.
const (
	Assembly  = "Assembly"  // 组装: components out, product in
	Dassembly = "Dassembly" // 拆卸: product out, components in
)

// AssembledApp is 组装拆卸单.
var AssembledApp = rule.Form{
	ID:    "STK_AssembledApp",
	Title: "组装拆卸单",
	Kinds: []string{Assembly, Dassembly},
	Lines: []rule.LineEntity{
		{Source: rule.FromProducts, Entity: "FEntity", Title: "成品"},
		{Source: rule.FromComponents, Entity: "FSubEntity", Title: "子件"},
	},
	Orders: []rule.FormOrder{
		{Kind: rule.OrderKind{Affair: Assembly, Direction: rule.In}, Lines: rule.FromProducts},
		{Kind: rule.OrderKind{Affair: Assembly, Direction: rule.Out}, Lines: rule.FromComponents},
		{Kind: rule.OrderKind{Affair: Dassembly, Direction: rule.In}, Lines: rule.FromComponents},
		{Kind: rule.OrderKind{Affair: Dassembly, Direction: rule.Out}, Lines: rule.FromProducts},
	},
}
