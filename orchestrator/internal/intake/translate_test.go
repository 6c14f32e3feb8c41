package intake

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// kingdeesvc is a version ahead and knows one more letter, or leaves one out.
func TestAStateThatIsNotKnownIsNeverTakenForAnother(t *testing.T) {
	t.Parallel()
	whole := &kingdeev1.BillState{
		Id: 1, Number: "A1", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, Kind: form.Assembly,
	}
	_, ok := StateOf(form.AssembledApp, whole)
	require.True(t, ok)
	for name, spoil := range map[string]func(*kingdeev1.BillState){
		"a later letter":   func(s *kingdeev1.BillState) { s.DocumentStatus = 17 },
		"no cancel status": func(s *kingdeev1.BillState) { s.CancelStatus = 0 },
		"a later kind":     func(s *kingdeev1.BillState) { s.Kind = "Later" },
	} {
		state := &kingdeev1.BillState{
			Id: 1, Number: "A1", DocumentStatus: whole.DocumentStatus,
			CancelStatus: whole.CancelStatus, Kind: whole.Kind,
		}
		spoil(state)
		_, ok := StateOf(form.AssembledApp, state)
		require.False(t, ok, name)
	}
}

// A closed bill comes as the rules know a void, with the day it was closed; only of a form whose bills may be closed.
func TestAClosedBillIsAVoidedOne(t *testing.T) {
	t.Parallel()
	closedAt := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)
	bill := &kingdeev1.Bill{
		Id: 7, Number: "TL7", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, EndState: kingdeev1.EndState_END_STATE_CLOSED,
		CloseTime: timestamppb.New(closedAt), CloseTimeIsDate: true,
		Entities: []*kingdeev1.EntityLines{
			{Name: "FEntity", Lines: []*kingdeev1.Line{{Id: 71, WarehouseNumber: "CK1"}}},
		},
	}
	light := &kingdeev1.BillState{
		Id: 7, Number: "TL7", DocumentStatus: bill.DocumentStatus, CancelStatus: bill.CancelStatus,
		EndState: bill.EndState, CloseTime: bill.CloseTime, CloseTimeIsDate: true,
	}
	whole, ok := billOf(form.ReturnApp, bill)
	require.True(t, ok)
	state, ok := StateOf(form.ReturnApp, light)
	require.True(t, ok)
	require.Equal(t, whole.State(), state, "both reads say the same")
	require.True(t, state.Voided())
	require.False(t, state.Live())
	require.True(t, state.Closed)
	require.Equal(t, closedAt, state.CancelTime)
	require.True(t, state.CancelIsDate, "it may have been closed at any time of that day")
	require.Equal(t, "CK1", whole.Lines["lines"][0].Warehouse)

	light.CloseTime = nil
	state, _ = StateOf(form.ReturnApp, light)
	require.True(t, state.Voided())
	require.Zero(t, state.CancelTime, "when is not known, which is a person's to decide")

	voidedAt := closedAt.Add(time.Hour)
	bill.CancelStatus, bill.CancelTime = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED, timestamppb.New(voidedAt)
	bill.EndState = kingdeev1.EndState_END_STATE_VOIDED
	whole, _ = billOf(form.ReturnApp, bill)
	require.True(t, whole.State().Voided())
	require.False(t, whole.Closed, "voided outweighs closed")
	require.Equal(t, voidedAt, whole.CancelTime)

	open := &kingdeev1.BillState{
		Id: 7, Number: "TL7", DocumentStatus: light.DocumentStatus, CancelStatus: light.CancelStatus,
		EndState: kingdeev1.EndState_END_STATE_NONE,
	}
	state, _ = StateOf(form.ReturnApp, open)
	require.True(t, state.Live(), "opened again")
	light.Kind = form.Assembly
	state, _ = StateOf(form.AssembledApp, light)
	require.True(t, state.Live(), "an assembly bill has no such state")
}

// What lies beside the named fields of the contract comes as text, whatever its type.
func TestFieldsOfTheFormAreTexts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 16, 0, 0, 5e6, time.FixedZone("", 8*3600))
	bill, ok := billOf(form.ReturnApp, &kingdeev1.Bill{
		Id: 7, Number: "TL7", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED,
		Fields: map[string]*kingdeev1.Value{
			"text":   {Kind: &kingdeev1.Value_Text{Text: "S1"}},
			"number": {Kind: &kingdeev1.Value_Number{Number: "1.50"}},
			"yes":    {Kind: &kingdeev1.Value_Boolean{Boolean: true}}, "no": {Kind: &kingdeev1.Value_Boolean{}},
			"day":    {Kind: &kingdeev1.Value_Date{Date: "2026-03-02"}},
			"moment": {Kind: &kingdeev1.Value_Time{Time: timestamppb.New(at)}}, "of a later contract": {},
		},
		Entities: []*kingdeev1.EntityLines{{Name: "FEntity", Lines: []*kingdeev1.Line{
			{Id: 71, Fields: map[string]*kingdeev1.Value{"number": {Kind: &kingdeev1.Value_Number{Number: "2"}}}},
			{Id: 72},
		}}},
	})
	require.True(t, ok)
	require.Equal(t, map[string]string{
		"text": "S1", "number": "1.50", "yes": "true", "no": "false", "day": "2026-03-02",
		"moment": "2026-03-02T08:00:00.005Z",
	}, bill.Fields)
	require.Equal(t, map[string]string{"number": "2"}, bill.Lines["lines"][0].Fields)
	require.Nil(t, bill.Lines["lines"][1].Fields)
}
