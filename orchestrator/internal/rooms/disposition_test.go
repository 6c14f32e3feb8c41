package rooms_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// A disposition that the table refuses would leave its attempt without an answer for ever.
func TestTheLedgerTakesEveryDispositionOfTheContract(t *testing.T) {
	w := setupWriter(t)
	for number, name := range wmsv1.Disposition_name {
		if number == 0 {
			continue
		}
		disposition := rule.Disposition(strings.ToLower(strings.TrimPrefix(name, "DISPOSITION_")))
		cancellation := w.lease(w.owe(int64(number), name, "WH1"))[0]
		w.result(cancellation, disposition, rule.Next{State: rule.Open})
		require.Equal(t, string(disposition),
			w.text(`select disposition from attempt where cancellation_id = $1`, cancellation.ID))
	}
}
