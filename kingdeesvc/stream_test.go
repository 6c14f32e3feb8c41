package kingdeesvc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

// everything selects all bills by change.
func everything() *kingdeev1.StreamAssemblyBillsRequest_ChangedSince {
	return &kingdeev1.StreamAssemblyBillsRequest_ChangedSince{ChangedSince: &kingdeev1.ChangedSince{Since: timestamppb.New(time.Unix(0, 0))}}
}

func TestStreamAssemblyBillsOfASeededSandbox(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sandbox.DefaultSeed })
	got := b.bills(t, &kingdeev1.StreamAssemblyBillsRequest{Selection: everything(), Components: true})
	require.Empty(t, got.problems)
	want := map[int64]sandbox.Bill{}
	for _, bill := range b.vendor.Bills() {
		want[bill.ID] = bill
	}
	require.Len(t, got.bills, len(want))
	for _, bill := range got.bills {
		sameBill(t, want[bill.GetId()], bill)
	}
	require.Equal(t, kingdeev1.Environment_ENVIRONMENT_SANDBOX, got.header.GetAccount().GetEnvironment())
	require.Equal(t, sandbox.DefaultAcctID, got.header.GetAccount().GetDataCenterId())
	require.EqualValues(t, 8*3600, got.header.GetAccount().GetLoginUtcOffsetSeconds())
	require.NotNil(t, got.header.GetVendorTime())
}

// sameBill holds a delivered bill against the sandbox's own.
func sameBill(t *testing.T, want sandbox.Bill, got *kingdeev1.AssemblyBill) {
	t.Helper()
	require.Equal(t, want.BillNo, got.GetNumber())
	require.Equal(t, want.StockOrg, got.GetStockOrgNumber())
	require.Equal(t, want.Note, got.GetNote())
	require.Equal(t, want.CancelStatus == sandbox.Voided, got.GetCancelStatus() == kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED)
	require.Equal(t, want.DocumentStatus == sandbox.StatusAudited, got.GetDocumentStatus() == kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED)
	require.Equal(t, want.AffairType == sandbox.Dassembly, got.GetAffairType() == kingdeev1.AffairType_AFFAIR_TYPE_DASSEMBLY)
	sameMoment(t, want.CreateDate, got.GetCreateTime())
	sameMoment(t, want.ModifyDate, got.GetModifyTime())
	sameMoment(t, want.ApproveDate, got.GetApproveTime())
	sameMoment(t, want.CancelDate, got.GetCancelTime())
	require.Len(t, got.GetProductLines(), len(want.Lines), want.BillNo)
	components := 0
	for i, line := range want.Lines {
		out := got.GetProductLines()[i]
		require.Equal(t, line.EntryID, out.GetEntryId())
		require.Equal(t, line.Material, out.GetMaterialNumber())
		require.Equal(t, line.Stock, out.GetWarehouseNumber())
		for _, component := range line.Components {
			sub := got.GetComponentLines()[components]
			require.Equal(t, component.DetailID, sub.GetDetailId())
			require.Equal(t, line.EntryID, sub.GetEntryId())
			require.Equal(t, component.Stock, sub.GetWarehouseNumber())
			components++
		}
	}
	require.Len(t, got.GetComponentLines(), components)
}

func sameMoment(t *testing.T, want time.Time, got *timestamppb.Timestamp) {
	t.Helper()
	if want.IsZero() {
		require.Nil(t, got)
		return
	}
	require.NotNil(t, got)
	require.WithinDuration(t, want, got.AsTime(), 4*time.Millisecond) // the server keeps milliseconds, rounded its own way
}
