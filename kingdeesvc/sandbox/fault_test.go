package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func TestFaultsHitTheNextCallsAndNoMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	ask := func() string { return b.ask(map[string]any{"FieldKeys": "FBillNo"}).body }
	fault := func(f behaviour.Fault) { t.Helper(); require.NoError(t, b.server.AddFault(f)) }

	fault(behaviour.FailWith(13, 2))
	require.Contains(t, ask(), `"MsgCode":13`)
	require.NotContains(t, b.view("100003").body, `"MsgCode":13`, "a fault of queries leaves View alone")
	require.Contains(t, ask(), `"MsgCode":13`)
	require.Equal(t, `[["A"]]`, ask())

	fault(behaviour.Fault{Skip: 1, Shape: "F1", MsgCode: behaviour.MsgSessionLost})
	require.Equal(t, `[["A"]]`, ask())
	require.Equal(t, lostRows, ask())

	fault(behaviour.Fault{Status: 502})
	require.Equal(t, http.StatusBadGateway, b.ask(map[string]any{"FieldKeys": "FBillNo"}).status)

	fault(behaviour.Fault{ExpireSessions: true})
	require.Equal(t, lostRows, ask())
	b.session = b.login()

	fault(behaviour.Fault{Service: behaviour.ServiceLogin, Status: 500})
	require.Equal(t, http.StatusInternalServerError,
		b.post(authService+"ValidateUser.common.kdsvc", passwordLogin("sandbox-password")).status)

	fault(behaviour.FailWith(4, 5))
	require.Len(t, b.server.Faults(), 1)
	b.server.ClearFaults()
	require.Equal(t, `[["A"]]`, ask())
}

func TestConnectionsAreCutBeforeAfterAndInsideTheWork(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		drop string
		open int
	}{{behaviour.DropBefore, 1}, {behaviour.DropAfter, 2}, {behaviour.DropInside, 3}} {
		require.NoError(t, b.server.AddFault(behaviour.Fault{Service: behaviour.ServiceLogin, Drop: c.drop}))
		_, err := b.send(authService+"ValidateUser.common.kdsvc", passwordLogin("sandbox-password"))
		require.Error(t, err, c.drop)
		require.Equal(t, c.open, b.server.Sessions(), c.drop)
	}
}

func TestHalfAnAnswerMayPassForTheWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	require.NoError(t, b.server.AddFault(behaviour.Fault{Drop: behaviour.DropHalf}))
	r := b.ask(map[string]any{"FieldKeys": "FBillNo"})
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, `[["`, r.body)
	require.Equal(t, `[["A"]]`, b.ask(map[string]any{"FieldKeys": "FBillNo"}).body)
}

func TestEachFailureShape(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for shape, want := range map[string]string{
		"F1":  `[[{"Result":{"ResponseStatus":`,
		"F2":  `},null,null]]`,
		"F3":  `[{"Result":{"ResponseStatus":`,
		"F4":  `{"Result":{"ResponseStatus":`,
		"F5":  `{"ResponseStatus":{"ErrorCode":500`,
		"F6":  `[{"FieldName":null,"Message":"没有权限","DIndex":0}]`,
		"F7":  `response_error:{`,
		"F8":  `[{"actionname":"showConfirm"`,
		"F9":  `401 Forbidden ByRspRetStatusCode -- N001: Unexpectable request.`,
		"F10": `<!DOCTYPE html>`,
		"F11": `{"errcode":4006`,
		"F12": `<html>`,
		"F13": `"[[{\"Result\":`,
		"F14": ``,
	} {
		require.NoError(t,
			b.server.AddFault(behaviour.Fault{Shape: shape, MsgCode: behaviour.MsgNoPermission, Message: "没有权限"}))
		r := b.ask(map[string]any{"FieldKeys": "FID,FBillNo,FNote"})
		require.Contains(t, r.body, want, shape)
		status := map[string]int{"F11": 519, "F12": http.StatusBadGateway}[shape]
		if status == 0 {
			status = http.StatusOK
		}
		require.Equal(t, status, r.status, shape)
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, f := range []behaviour.Fault{
		{}, {Shape: "F99"}, {Status: 200}, {Drop: "sideways"}, {Shape: "F1", Status: 500},
		{Service: "fax", Status: 500}, {Status: 500, Count: -1},
	} {
		require.Error(t, b.server.AddFault(f), "%+v", f)
	}
}

func TestADamagedBillSpoilsOnlyItsOwnRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A", line("P", "1", "CK001"))
	b.audited("B", line("P", "1", "CK001"))
	ask := func() string {
		return b.ask(map[string]any{"FieldKeys": "FBillNo,FAffairType,FQty", "OrderString": "FID"}).body
	}
	require.NoError(t, b.server.Damage(behaviour.Damage{Bill: "B", NullFields: []string{"FAffairType"}}))
	require.JSONEq(t, `[["A","Assembly",1],["B",null,1]]`, ask())
	require.NoError(t, b.server.Damage(behaviour.Damage{Bill: "B", MissingCells: 1}))
	require.JSONEq(t, `[["A","Assembly",1],["B","Assembly"]]`, ask())
	require.NoError(t, b.server.Damage(behaviour.Damage{Bill: "B"}))
	require.JSONEq(t, `[["A","Assembly",1],["B","Assembly",1]]`, ask())
	require.ErrorIs(t, b.server.Damage(behaviour.Damage{Bill: "C", MissingCells: 1}), books.ErrNotFound)
}

func TestChangesMayBecomeVisibleLate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	b.server.SetPersonality(behaviour.Personality{CommitMillis: 5000})
	_, err := b.server.UnauditAndVoid(t.Context(), "A")
	require.NoError(t, err)
	b.audited("B")
	states := func() []string { return column(b.rows("FCancelStatus", "", "FID"), 0) }
	b.clock.advance(4999 * time.Millisecond)
	require.Equal(t, []string{"A"}, states())
	require.Contains(t, b.view("100006").body, `"MsgCode":10`)
	b.clock.advance(time.Millisecond)
	require.Equal(t, []string{"B", "A"}, states())
	require.Equal(t, "2024-05-11T09:30:00.583",
		b.rows("FCancelDate", "FBillNo='A'", "")[0][0], "with the stamp of the change")
}

func TestABillChangesBetweenTwoPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	_, err := b.server.Unaudit(t.Context(), "A")
	require.NoError(t, err)
	require.NoError(t, b.server.AddFault(behaviour.Fault{Skip: 1, Action: books.ActionVoid, Bill: "A"}))
	require.NoError(t, b.server.AddFault(behaviour.Fault{Skip: 2, Action: books.ActionSubmit, Bill: "A"}))
	for _, want := range []string{"A", "B", "B"} {
		require.Equal(t, want, b.rows("FCancelStatus", "", "FID")[0][0])
	}
}

func TestABadDayIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	day := func(seed uint64) string {
		b := setup(t)
		b.audited("A")
		b.server.SetPersonality(behaviour.Personality{FaultRate: 0.5, Seed: seed})
		var outcomes []byte
		for range 40 {
			r, err := b.send(queryService+"ExecuteBillQuery.common.kdsvc",
				`{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FBillNo"}}`, "kdservice-sessionid", b.session)
			switch {
			case err != nil:
				outcomes = append(outcomes, 'x')
			case r.body == `[["A"]]`:
				outcomes = append(outcomes, '.')
			default:
				outcomes = append(outcomes, 'f')
			}
			if b.server.Sessions() == 0 {
				b.session = b.login()
			}
		}
		return string(outcomes)
	}
	first := day(1)
	require.Contains(t, first, ".")
	require.Contains(t, first, "f")
	require.Contains(t, first, "x")
	require.Equal(t, first, day(1))
	require.NotEqual(t, first, day(2))
}
