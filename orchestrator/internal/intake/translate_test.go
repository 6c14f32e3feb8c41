package intake

import (
	"testing"

	"github.com/stretchr/testify/require"

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
		"a later letter":      func(s *kingdeev1.BillState) { s.DocumentStatus = 17 },
		"no cancel status":    func(s *kingdeev1.BillState) { s.CancelStatus = 0 },
		"a later affair type": func(s *kingdeev1.BillState) { s.Kind = "Later" },
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
