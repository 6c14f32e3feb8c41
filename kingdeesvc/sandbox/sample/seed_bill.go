package sample

import (
	"fmt"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// recipe is a product and what goes into one of it.
type recipe struct {
	product    string
	components []part
}

type part struct {
	material string
	each     int
}

func recipes() []recipe {
	return []recipe{
		{"CP.LH.001", []part{{"WL.SP.101", 6}, {"WL.SP.102", 1}, {"WL.BC.201", 1}}},
		{"CP.LH.002", []part{{"WL.SP.101", 8}, {"WL.BC.201", 1}, {"WL.BC.202", 1}}},
		{"CP.TZ.010", []part{{"WL.SP.103", 1}, {"WL.SP.104", 2}}},
		{"CP.TZ.011", []part{{"WL.SP.105", 6}, {"WL.BC.201", 1}}},
		{"CP.TZ.012", []part{{"WL.BC.202", 3}}},
	}
}

// bill makes up an ordinary bill of one or two product lines.
func (g *generator) bill() *books.Bill {
	org := []string{"100", "100", "100", "200"}[g.rng.IntN(4)]
	b := &books.Bill{
		StockOrg: org, AffairType: books.Assembly,
		OwnerType: "BD_OwnerOrg", Owner: org, SubOwnerType: "BD_OwnerOrg", SubOwner: org,
		Note: g.pick("", "大促备货", "门店退回拆套，请质检后入库", "客户加急: 今日 18:00 前完成", "端午礼盒第二批", `尺寸 "大" 号, 勿压`),
		Fee:  g.pick("", "0", "120.5", "36"),
		Dept: g.pick("BM000001", "BM000001", "BM000002", ""),
	}
	if g.rng.IntN(3) == 0 {
		b.AffairType = books.Dassembly
	}
	if g.rng.IntN(2) == 0 {
		b.Extra = map[string]string{"F_PAEZ_PUSHED": "true"}
	}
	for range 1 + g.rng.IntN(2) {
		b.Lines = append(b.Lines, g.line(org, g.stock(org), g.stock(org)))
	}
	return b
}

// stock is one of the five warehouses; organisation 200 uses two of them.
func (g *generator) stock(org string) string {
	if org == "200" {
		return g.pick("CK004", "CK005")
	}
	return g.pick("CK001", "CK001", "CK002", "CK003", "CK005")
}

func (g *generator) line(org, stock, componentStock string) books.Line {
	r := recipes()[g.rng.IntN(len(recipes()))]
	qty := 5 * (1 + g.rng.IntN(20))
	line := books.Line{Goods: books.OrdinaryGoods(r.product, fmt.Sprint(qty), stock, org), Fee: g.pick("", "0", "1.25")}
	line.Unit = g.pick("Set", "Box", "Pcs")
	line.Description = g.pick("", "", "破损件另放", "赠品不入账")
	line.MTONo = g.pick("", "", "MTO240511")
	line.Bom = g.pick("", r.product+"_V1.0")
	if g.rng.IntN(3) == 0 {
		line.Lot = "L" + g.now.AddDate(0, 0, -40).Format("060102")
		line.ProduceDate = books.Midnight(g.now.In(g.store.Zone)).AddDate(0, 0, -40)
		line.ExpiryDate = line.ProduceDate.AddDate(0, 18, 0)
	}
	if g.rng.IntN(4) == 0 {
		line.SrcBillType, line.SrcBillNo = "SAL_SaleOrder", fmt.Sprintf("XSDD%06d", 2000+g.rng.IntN(500))
	}
	for _, p := range r.components {
		c := books.Component{Goods: books.OrdinaryGoods(p.material, fmt.Sprint(qty*p.each), componentStock, org)}
		line.Components = append(line.Components, c)
	}
	return line
}

func (g *generator) pick(from ...string) string { return from[g.rng.IntN(len(from))] }

// member is a bill of the cast: it plays in SampleDay.
type member struct {
	number         int
	affair         string
	org            string
	stocks         []string // one product line each
	componentStock []string // one per product line
	life           life
	daysAgo        int
	note           string
}

func (g *generator) play(m member) error {
	b := &books.Bill{
		BillNo: billNumber(m.number), AffairType: m.affair, StockOrg: m.org, Note: m.note, Dept: "BM000001",
		OwnerType: "BD_OwnerOrg", Owner: m.org, SubOwnerType: "BD_OwnerOrg", SubOwner: m.org,
	}
	for i, stock := range m.stocks {
		b.Lines = append(b.Lines, g.line(m.org, stock, m.componentStock[i]))
	}
	return g.live(b, m.life, g.morning(m.daysAgo), books.Edit{})
}

func billNumber(n int) string { return fmt.Sprintf("ZZCX%06d", n) }
