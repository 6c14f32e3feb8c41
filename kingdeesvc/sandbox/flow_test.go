package sandbox_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func TestTheFlowOfABill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	after := func() time.Time { b.clock.advance(time.Minute); return b.clock.now().Truncate(time.Millisecond) }

	bill, err := b.server.Create(ctx, books.Bill{DocumentStatus: books.StatusDraft})
	require.NoError(t, err)
	require.Equal(t, "ZZCX000101", bill.BillNo)
	require.True(t, bill.CreateDate.Equal(start) && bill.ModifyDate.Equal(start))

	at := after()
	bill, err = b.server.Submit(ctx, bill.BillNo)
	require.NoError(t, err)
	require.Equal(t, books.StatusApproval, bill.DocumentStatus)
	require.True(t, bill.ModifyDate.Equal(at))

	at = after()
	bill, err = b.server.Audit(ctx, bill.BillNo)
	require.NoError(t, err)
	require.True(t, bill.Live())
	require.True(t, bill.ApproveDate.Equal(at))

	at = after()
	bill, err = b.server.Unaudit(ctx, bill.BillNo)
	require.NoError(t, err)
	require.Equal(t, books.StatusReaudit, bill.DocumentStatus)
	require.True(t, bill.ModifyDate.Equal(at))
	require.True(t, bill.ApproveDate.IsZero())

	at = after()
	bill, err = b.server.Void(ctx, bill.BillNo)
	require.NoError(t, err)
	require.Equal(t, books.Voided, bill.CancelStatus)
	require.Equal(t, books.StatusReaudit, bill.DocumentStatus)
	require.True(t, bill.CancelDate.Equal(at) && bill.ModifyDate.Equal(at))

	bill, err = b.server.Restore(ctx, bill.BillNo)
	require.NoError(t, err)
	require.Equal(t, books.NotVoided, bill.CancelStatus)
	require.True(t, bill.CancelDate.IsZero())

	_, err = b.server.Delete(ctx, bill.BillNo)
	require.NoError(t, err)
	_, err = b.server.Bill(bill.BillNo)
	require.ErrorIs(t, err, books.ErrNotFound)
	again, err := b.server.Create(ctx, books.Bill{BillNo: bill.BillNo})
	require.NoError(t, err)
	require.Greater(t, again.ID, bill.ID)
	_, err = b.server.Create(ctx, books.Bill{BillNo: bill.BillNo})
	require.ErrorIs(t, err, books.ErrNumberTaken)
}

func TestActionsThatTheStateForbids(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		past      []books.Action
		forbidden []books.Action
	}{
		{nil, []books.Action{"audit", "unaudit", "restore", "recall"}},
		{[]books.Action{"submit"}, []books.Action{"submit", "unaudit", "edit", "void", "restore", "delete"}},
		{[]books.Action{"submit", "audit"}, []books.Action{
			"submit", "audit", "edit", "void", "restore", "delete", "recall",
		}},
		{[]books.Action{"submit", "audit", "unaudit"}, []books.Action{"audit", "unaudit", "restore", "recall"}},
		{[]books.Action{"void"}, []books.Action{"submit", "audit", "unaudit", "edit", "void", "delete", "recall"}},
	} {
		bill, err := b.server.Create(t.Context(), books.Bill{})
		require.NoError(t, err)
		for _, a := range c.past {
			_, err := b.server.Do(t.Context(), bill.BillNo, a, books.Edit{}, "")
			require.NoError(t, err)
		}
		before, err := b.server.Bill(bill.BillNo)
		require.NoError(t, err)
		for _, a := range c.forbidden {
			_, err := b.server.Do(t.Context(), bill.BillNo, a, books.Edit{}, "")
			var flow *books.FlowError
			require.ErrorAs(t, err, &flow, "%s after %v", a, c.past)
		}
		now, err := b.server.Bill(bill.BillNo)
		require.NoError(t, err)
		require.Equal(t, before, now, "a refusal changes nothing")
	}
}

func TestServersDifferInWhatAVoidMoves(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sandbox.Config) {
		c.Personality = behaviour.Personality{
			VoidKeepsModifyDate: true, UnauditKeepsModifyDate: true, UnauditKeepsApproveDate: true,
			CancelDateOnly: true, DeleteVoided: true,
		}
	})
	live := b.audited("A")
	b.clock.advance(15 * time.Minute)
	bill, err := b.server.UnauditAndVoid(t.Context(), "A")
	require.NoError(t, err)
	require.Equal(t, live.ModifyDate, bill.ModifyDate)
	require.Equal(t, live.ApproveDate, bill.ApproveDate)
	require.Equal(t, "2024-05-11T00:00:00", b.rows("FCANCELDATE", "FBillNo='A'", "")[0][0])
	_, err = b.server.Delete(t.Context(), "A")
	require.NoError(t, err)
}

func TestAnEditChangesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bill, err := b.server.Create(t.Context(), books.Bill{Note: "before", Lines: []books.Line{
		line("P1", "1", "CK001", component("C1", "2", "CK003")), line("P2", "1", "CK002"),
	}})
	require.NoError(t, err)
	after, err := b.server.Edit(t.Context(), bill.BillNo,
		books.Edit{Stock: "CK005", Extra: map[string]string{"F_PAEZ_SHOP": "天猫"}})
	require.NoError(t, err)
	require.Equal(t, "before", after.Note)
	require.Equal(t, "CK005", after.Lines[1].Stock)
	require.Equal(t, "CK003", after.Lines[0].Components[0].Stock)
	require.Equal(t, bill.Lines[0].EntryID, after.Lines[0].EntryID)
	require.Equal(t, "天猫", b.rows("F_PAEZ_SHOP", "F_PAEZ_SHOP='天猫'", "")[0][0],
		"a custom field that a bill carries can be asked for")

	note := ""
	after, err = b.server.Edit(t.Context(), bill.BillNo,
		books.Edit{Note: &note, Lines: []books.Line{line("P3", "7", "CK001")}})
	require.NoError(t, err)
	require.Empty(t, after.Note)
	require.Len(t, after.Lines, 1)
	require.Greater(t, after.Lines[0].EntryID, bill.Lines[1].EntryID)
	_, err = b.server.Edit(t.Context(), bill.BillNo, books.Edit{Lines: []books.Line{line("P3", "seven", "CK001")}})
	require.ErrorIs(t, err, books.ErrInvalid)
}

func TestOrdersAreThoseOfTheAudit(t *testing.T) {
	t.Parallel()
	var heard []string
	b := setup(t, func(c *sandbox.Config) { c.OnAudit = func(bill books.Bill) { heard = append(heard, bill.BillNo) } })
	b.audited("A", line("P", "1", "CK001", component("C", "1", "CK003")), line("P", "1", "CK002"),
		line("P", "1", "CK001"), line("P", "1", ""))
	_, err := b.server.Create(t.Context(), books.Bill{BillNo: "D", AffairType: books.Dassembly, Lines: []books.Line{
		line("P", "1", "CK001", component("C", "1", "CK004"), component("C", "1", "CK005")),
	}})
	require.NoError(t, err)
	_, err = b.server.Approve(t.Context(), "D")
	require.NoError(t, err)
	_, err = b.server.Unaudit(t.Context(), "A")
	require.NoError(t, err)
	_, err = b.server.Edit(t.Context(), "A", books.Edit{Stock: "CK005"})
	require.NoError(t, err)
	_, err = b.server.Void(t.Context(), "A")
	require.NoError(t, err)

	require.Equal(t, []string{"A", "D"}, heard)
	var orders []string
	for _, order := range b.server.AuditedOrders() {
		text, err := json.Marshal([]any{order.BillNo, order.Direction, order.Stock, order.Lines, order.BillLive})
		require.NoError(t, err)
		orders = append(orders, string(text))
	}
	require.Equal(t, []string{
		`["A","in","CK001",2,false]`, `["A","in","CK002",1,false]`,
		`["D","in","CK004",1,true]`, `["D","in","CK005",1,true]`,
	}, orders)
	require.Len(t, b.server.OutboundOrders(), 2)
}

func TestViewTellsWhatIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bill := b.audited("A", line("CP.LH.001", "1", "CK001"))
	var answer struct {
		Result struct {
			ResponseStatus struct {
				IsSuccess bool
				MsgCode   int
			}
			Result struct {
				Id                                   int64 //nolint:revive // the vendor's spelling
				BillNo, DocumentStatus, CancelStatus string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(b.view("100003").body), &answer))
	require.True(t, answer.Result.ResponseStatus.IsSuccess)
	require.Equal(t, bill.ID, answer.Result.Result.Id)
	require.Equal(t, "A C A",
		answer.Result.Result.BillNo+" "+answer.Result.Result.DocumentStatus+" "+answer.Result.Result.CancelStatus)
	r := b.post(queryService+"View.common.kdsvc", `{"parameters":["STK_AssembledApp","{\"Number\":\"A\"}"]}`,
		"kdservice-sessionid", b.session)
	require.Contains(t, r.body, `"Id":100003`)
	require.Contains(t, b.view("5").body, `"MsgCode":10`)
	b.server.SetPersonality(behaviour.Personality{HiddenOrgs: []string{"100"}})
	require.Contains(t, b.view("100003").body, `"MsgCode":2`)
}

func TestTruthRemembersEverything(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.audited("A")
	_, err := b.server.Unaudit(t.Context(), "A")
	require.NoError(t, err)
	_, err = b.server.Delete(t.Context(), "A")
	require.NoError(t, err)
	second := b.audited("A")
	voided := b.audited("B")
	_, err = b.server.UnauditAndVoid(t.Context(), "B")
	require.NoError(t, err)

	truth := b.server.Truth()
	require.Equal(t, map[string]int64{"A": second.ID}, truth.LiveNumbers)
	require.Equal(t, []int64{voided.ID}, truth.VoidedIDs)
	require.Len(t, truth.Bills, 3)
	history := b.server.BillHistory("A")
	require.Len(t, history, 2)
	require.Equal(t, first.ID, history[0].BillID)
	require.True(t, history[0].Deleted && history[0].EverAudited && !history[0].Live)
	var actions []books.Action
	for _, e := range history[0].Events {
		actions = append(actions, e.Action)
	}
	require.Equal(t, []books.Action{"create", "submit", "audit", "unaudit", "delete"}, actions)
}
