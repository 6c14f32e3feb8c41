package rule_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// An order without a warehouse is none: a request for it could only hit another one.
func TestABillWhoseLinesNameNoWarehouseIsOutside(t *testing.T) {
	optional := all
	optional.Form.WarehouseOptional = true
	for name, life := range map[string][]read{
		"it never named one": {
			{live(1, "", ""), "live e1" + standing},
			{void("D", 2, "", ""), "outside e1 because:no_warehouse"},
			{live(1, "WH1"), "live e2" + standing},
			{void("D", 3, "WH1"), "voided e2 WH1 snapshot/snapshot for:voided"},
		},
		"it named one while it was live: the order stands": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, ""), "voided e1 WH1 snapshot/snapshot for:voided"},
		},
		"it named one in an earlier life: that order is somebody's to look for": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 3, "").withApproved(2), "outside e2 vanished:WH1@e1 because:no_warehouse"},
		},
		"some lines name none: a person hears of those": {
			{live(1, "WH1", "", ""), "live e1" + standing},
			{void("D", 2, "WH1", "", ""), "voided e1 WH1 snapshot/snapshot for:voided without:2"},
		},
		"deleted": {
			{live(1, ""), "live e1" + standing},
			{deleted, "deleted e1 because:no_warehouse"},
		},
		"un-audited, and one that people write in then is no order's": {
			{live(1, "").withModified(1), "live e1" + standing},
			{unAudited("").withApproved(2).withModified(2), "outside e2 because:no_warehouse"},
			{
				unAudited("WH1").withApproved(2).withModified(3),
				"un_audited e2 for:un_audited from:101h2m0s",
			},
		},
		"a draft": {{void("A", 2, ""), "never_audited e1" + gone}},
	} {
		t.Run(name, func(t *testing.T) {
			var known *rule.Known
			for i, r := range life {
				at := h(100 + float64(i))
				var d rule.Decision
				if r.seen.status == deleted.status {
					d = rule.DecideGone(optional, *known, at, at)
				} else {
					d = rule.Decide(optional, known, r.seen.bill(), at)
				}
				got := why(d)
				if d.WithoutWarehouse > 0 {
					got += fmt.Sprintf(" without:%d", d.WithoutWarehouse)
				}
				require.Equal(t, r.want, got, "read %d", i+1)
				known = &d.After
			}
		})
	}
}

// Where the form wants a warehouse of each line, perhaps the warehouses are only not shown to us.
func TestAPersonHearsOfABillThatShouldNameAWarehouse(t *testing.T) {
	known := rule.Decide(all, nil, live(1, "", "").bill(), h(10)).After
	d := rule.Decide(all, &known, void("D", 2, "", "").bill(), h(20))
	require.Equal(t, "outside e1 because:no_warehouse", why(d))
	require.Equal(t, 2, d.WithoutWarehouse)
}

// Only lines of which the scheme asks for an order count.
func TestLinesWithoutAWarehouseOfAnotherOrderAreNobodys(t *testing.T) {
	b := void("D", 2, "WH1").bill()
	b.Lines["components"] = lines("", "")
	require.Zero(t, rule.WithoutWarehouse(b, form.AssembledApp, inbound.Orders))
	b.Kind = form.Dassembly
	require.Equal(t, 2, rule.WithoutWarehouse(b, form.AssembledApp, inbound.Orders))
}
