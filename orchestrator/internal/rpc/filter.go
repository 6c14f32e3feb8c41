package rpc

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// filterOf wants ids or parts, not both: a part that is not looked at would mislead.
func filterOf(f *orchestratorv1.CancellationFilter) (ledger.CancellationFilter, error) {
	out := ledger.CancellationFilter{
		Scheme: f.GetScheme(), IDs: f.GetCancellationIds(), States: each(f.GetStates(), stateWord),
		BillNo: f.GetBillNo(), WarehouseCode: f.GetWarehouseCode(), Account: f.GetAccount(),
		Disposition: f.GetDisposition(), VendorMessage: f.GetVendorMessage(), VendorCode: f.GetVendorCode(),
		WorkKind: f.GetWorkKind(), WorkItemID: f.GetWorkItemId(), HoldReason: f.GetHoldReason(),
		OrderKind: f.GetOrderKind(), WarehouseNumber: f.GetWarehouseNumber(), StockOrgNumber: f.GetStockOrgNumber(),
		Text:        f.GetText(),
		CreatedFrom: timeOf(f.GetCreateTimeFrom()), CreatedTo: timeOf(f.GetCreateTimeTo()),
		UpdatedFrom: timeOf(f.GetUpdateTimeFrom()), UpdatedTo: timeOf(f.GetUpdateTimeTo()),
		OutcomeFrom: timeOf(f.GetOutcomeTimeFrom()), OutcomeTo: timeOf(f.GetOutcomeTimeTo()),
	}
	if len(out.IDs) > 0 && !proto.Equal(f,
		&orchestratorv1.CancellationFilter{Scheme: out.Scheme, CancellationIds: out.IDs}) {
		return out, &serve.InvalidRequest{
			Field: "filter.cancellation_ids", Text: "stands alone: give ids, or what the cancellations have in common",
		}
	}
	for _, r := range []struct {
		name     string
		from, to time.Time
	}{
		{"create_time", out.CreatedFrom, out.CreatedTo}, {"update_time", out.UpdatedFrom, out.UpdatedTo},
		{"outcome_time", out.OutcomeFrom, out.OutcomeTo},
	} {
		if !r.to.IsZero() && !r.from.Before(r.to) {
			return out, &serve.InvalidRequest{
				Field: "filter." + r.name + "_to", Text: "must be after " + r.name + "_from",
			}
		}
	}
	return out, nil
}
