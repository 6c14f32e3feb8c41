package rule_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestOnlyAVoidedBillWhoseNumberNobodyElseHasIsSent(t *testing.T) {
	const number = "ZZCX000007"
	state := func(id int64, number, document, cancel string) rule.State {
		return rule.State{ID: id, Number: number, DocumentStatus: document, CancelStatus: cancel}
	}
	voided := state(7, number, rule.Reaudit, rule.Voided)
	restored := state(7, number, rule.Reaudit, rule.NotVoided)
	liveAgain := state(7, number, rule.Audited, rule.NotVoided)
	other := state(8, number, rule.Audited, rule.NotVoided)
	otherDraft := state(8, number, rule.Created, rule.NotVoided)
	otherVoided := state(8, number, rule.Audited, rule.Voided)
	renumbered := state(8, "ZZCX000099", rule.Audited, rule.NotVoided)

	for name, tc := range map[string]struct {
		read rule.FreshRead
		want rule.Verification
	}{
		"voided, alone": {rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided}}, rule.Holds},
		"voided, the read by number shows nothing": {rule.FreshRead{ByID: &voided}, rule.Holds},
		"not shown": {rule.FreshRead{}, rule.Unread},
		"not shown, its number is live elsewhere":    {rule.FreshRead{ByNumber: []rule.State{other}}, rule.Unread},
		"restored between the two reads":             {rule.FreshRead{ByID: &voided, ByNumber: []rule.State{liveAgain}}, rule.Unread},
		"restored":                                   {rule.FreshRead{ByID: &restored, ByNumber: []rule.State{restored}}, rule.Withdrawn},
		"restored and audited":                       {rule.FreshRead{ByID: &liveAgain, ByNumber: []rule.State{liveAgain}}, rule.Withdrawn},
		"its number given to a live bill":            {rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided, other}}, rule.NumberLive},
		"its number given to a draft":                {rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided, otherDraft}}, rule.Holds},
		"its number given to a voided bill":          {rule.FreshRead{ByID: &voided, ByNumber: []rule.State{otherVoided}}, rule.Holds},
		"the ledger knows a live holder, not shown":  {rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}}, rule.NumberTaken},
		"the ledger's holder is live":                {rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}, HoldersRead: map[int64]rule.State{8: other}}, rule.NumberLive},
		"the ledger's holder is voided by now":       {rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}, HoldersRead: map[int64]rule.State{8: otherVoided}}, rule.Holds},
		"the ledger's holder has another number now": {rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}, HoldersRead: map[int64]rule.State{8: renumbered}}, rule.Holds},
		"two holders, one not shown": {
			rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8, 9}, HoldersRead: map[int64]rule.State{8: otherVoided}}, rule.NumberTaken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, rule.Verify(7, number, tc.read))
		})
	}
}

func TestTheNumberThatCountsIsTheDebts(t *testing.T) {
	mine := rule.State{ID: 7, Number: "NEW", CancelStatus: rule.Voided}
	holder := rule.State{ID: 8, Number: "OLD", DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided}
	require.Equal(t, rule.NumberLive, rule.Verify(7, "OLD", rule.FreshRead{ByID: &mine, ByNumber: []rule.State{holder}}))
	require.Equal(t, rule.Holds, rule.Verify(7, "NEW", rule.FreshRead{ByID: &mine, ByNumber: []rule.State{holder}}))
}
