package scheme

import (
	"fmt"
	"slices"
)

// Together says why two schemes of one data centre could both own an order, and what would keep them apart; empty
// where something does: their WMS accounts, their organisations, their warehouse codes or their constant order types.
// Texts in CEL are not compared. Across data centres it is always empty: there claims keep schemes apart that both
// send.
func Together(a, b *Scheme) string {
	if a.DataCenter != b.DataCenter || apart(a.Accounts(), b.Accounts()) || apart(a.codes(), b.codes()) ||
		len(a.Organisations) > 0 && len(b.Organisations) > 0 && apart(a.Organisations, b.Organisations) {
		return ""
	}
	ofA, constantA := a.constantTypes()
	ofB, constantB := b.constantTypes()
	if constantA && constantB && apart(ofA, ofB) {
		return ""
	}
	return fmt.Sprintf("the schemes %[1]s and %[2]s could both own an order: give them other WMS accounts, "+
		"organisations, warehouse codes or constant order types (方案 %[1]s 与 %[2]s 可能对应同一仓库单：请用不同的 WMS 账号、库存组织、"+
		"仓库代码或固定的单据类型区分)", a.Name, b.Name)
}

func apart(a, b []string) bool {
	return !slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}

// codes are the WMS's warehouse codes that the warehouse table names.
func (s *Scheme) codes() []string {
	var codes []string
	for _, w := range s.warehouses {
		if !w.Outside {
			codes = append(codes, w.Code)
		}
	}
	return codes
}

// constantTypes are the order types that the mappings give, and whether all of them are given as such.
func (s *Scheme) constantTypes() (types []string, constant bool) {
	for _, m := range s.orders {
		if m.orderType.program != nil {
			return nil, false
		}
		types = append(types, m.orderType.literal)
	}
	return types, true
}
