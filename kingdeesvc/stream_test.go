package kingdeesvc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// everything selects all bills by change.
func everything() *kingdeev1.StreamBillsRequest_ChangedSince {
	return &kingdeev1.StreamBillsRequest_ChangedSince{
		ChangedSince: &kingdeev1.ChangedSince{Since: timestamppb.New(time.Unix(0, 0))},
	}
}

// wholeBills asks for all bills with the lines of both entities.
func wholeBills() *kingdeev1.StreamBillsRequest {
	return &kingdeev1.StreamBillsRequest{
		FormId: formID, Selection: everything(), FurtherEntities: []string{"FSubEntity"},
	}
}

func TestStreamBillsOfASeededSandbox(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
	got := b.bills(t, wholeBills())
	require.Empty(t, got.problems)
	want := map[int64]books.Bill{}
	for _, bill := range b.vendor.Bills() {
		if bill.Form == formID {
			want[bill.ID] = bill
		}
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
func sameBill(t *testing.T, want books.Bill, got *kingdeev1.Bill) {
	t.Helper()
	require.Equal(t, want.BillNo, got.GetNumber())
	require.Equal(t, want.StockOrg, got.GetOrgNumber())
	require.Equal(t, want.Note, got.GetNote())
	require.Equal(t, want.CancelStatus == books.Voided,
		got.GetCancelStatus() == kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED)
	require.Equal(t, want.DocumentStatus == books.StatusAudited,
		got.GetDocumentStatus() == kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED)
	require.Equal(t, want.AffairType == books.Dassembly,
		got.GetKind() == "Dassembly")
	sameMoment(t, want.CreateDate, got.GetCreateTime())
	sameMoment(t, want.ModifyDate, got.GetModifyTime())
	sameMoment(t, want.ApproveDate, got.GetApproveTime())
	sameMoment(t, want.CancelDate, got.GetCancelTime())
	require.Len(t, products(got), len(want.Lines), want.BillNo)
	seen := 0
	for i, line := range want.Lines {
		out := products(got)[i]
		require.Equal(t, line.EntryID, out.GetId())
		require.Equal(t, line.Material, out.GetMaterialNumber())
		require.Equal(t, line.Stock, out.GetWarehouseNumber())
		for _, component := range line.Components {
			sub := components(got)[seen]
			require.Equal(t, component.DetailID, sub.GetId())
			require.Equal(t, line.EntryID, sub.GetParentId())
			require.Equal(t, component.Stock, sub.GetWarehouseNumber())
			seen++
		}
	}
	require.Len(t, components(got), seen)
}

func sameMoment(t *testing.T, want time.Time, got *timestamppb.Timestamp) {
	t.Helper()
	if want.IsZero() {
		require.Nil(t, got)
		return
	}
	require.NotNil(t, got)
	// the server keeps milliseconds, rounded its own way
	require.WithinDuration(t, want, got.AsTime(), 4*time.Millisecond)
}

// merchant fills a sandbox with bills that try the paging: a crowd of three lines, one that is larger than a page, one
// without lines.
func merchant(t *testing.T, b *bundle) map[int64]books.Bill {
	t.Helper()
	ctx := t.Context()
	_, err := b.vendor.Bulk(ctx, books.Bulk{Count: 9, Lines: 3, Components: 2, Prefix: "A-"})
	require.NoError(t, err)
	_, err = b.vendor.Bulk(ctx,
		books.Bulk{Count: 1, Lines: 35, Components: 3, Prefix: "BIG-", AffairType: books.Dassembly})
	require.NoError(t, err)
	bare, err := b.vendor.Create(ctx, books.Bill{BillNo: "BARE-1", AffairType: books.Assembly, StockOrg: "100"})
	require.NoError(t, err)
	require.Empty(t, bare.Lines)
	_, err = b.vendor.Bulk(ctx, books.Bulk{Count: 4, Lines: 1, Components: 1, Prefix: "B-", Void: true})
	require.NoError(t, err)
	want := map[int64]books.Bill{}
	for _, bill := range b.vendor.Bills() {
		want[bill.ID] = bill
	}
	return want
}

func TestBillsAreWholeWhateverTheServerIsLike(t *testing.T) {
	for name, personality := range map[string]behaviour.Personality{
		"recent":           {},
		"inner join":       {InnerJoin: true},
		"no FRowType":      {NoRowType: true},
		"old .NET dates":   {DotNetDates: true},
		"strict key case":  {StrictKeyCase: true},
		"cancel date only": {CancelDateOnly: true},
		"no Date":          {OmitDate: true, OmitTimeZone: true},
	} {
		for _, rows := range []string{"10", "33", "2000"} {
			t.Run(name+" "+rows, func(t *testing.T) {
				b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": rows},
					func(c *sandbox.Config) { c.Personality = personality })
				want := merchant(t, b)
				got := b.bills(t, wholeBills())
				require.Empty(t, got.problems)
				require.Len(t, got.bills, len(want))
				for _, bill := range got.bills {
					sameBill(t, want[bill.GetId()], bill)
				}
				require.Equal(t, personality.OmitDate, got.header.GetVendorTime() == nil)
				require.Equal(t, personality.OmitDate, got.header.GetVendorTimeNote() != "")
				require.Equal(t, personality.OmitTimeZone, got.header.GetAccount().LoginUtcOffsetSeconds == nil)
			})
		}
	}
}

func TestAServerThatCutsPagesAtItsOwnMaximum(t *testing.T) {
	for _, most := range []int{20, 25, 39} {
		b := setup(t, nil, func(c *sandbox.Config) { c.Personality.MaxLimit = most })
		want := merchant(t, b)
		got := b.bills(t, wholeBills())
		require.Len(t, got.bills, len(want))
		for _, bill := range got.bills {
			sameBill(t, want[bill.GetId()], bill)
		}
		_, err := b.vendor.Bulk(t.Context(), books.Bulk{Count: 100, Prefix: "C-"})
		require.NoError(t, err)
		states, _, _ := b.states(t, &kingdeev1.StreamBillStatesRequest{
			FormId:    formID,
			Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: everything().ChangedSince},
		})
		require.Len(t, states, len(want)+100)
	}
}

func TestBillsWithoutComponentsAskedFor(t *testing.T) {
	b := setup(t, nil, nil)
	merchant(t, b)
	for _, bill := range b.bills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()}).bills {
		require.Empty(t, components(bill))
		require.EqualValues(t, max(1, len(products(bill))), bill.GetRows())
	}
}

func TestAfterIDGoesOnWhereAStreamStopped(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"}, nil)
	merchant(t, b)
	all := b.bills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()})
	require.Greater(t, len(all.pages), 2)
	from := all.pages[0]
	selection := everything()
	selection.ChangedSince.AfterId = from.GetLastId()
	rest := b.bills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: selection})
	require.Len(t, rest.bills, len(all.bills)-len(from.GetBills()))
}

func TestAPageIsAtMostOneMebibyteUnlessABillIsLarger(t *testing.T) {
	b := setup(t, nil, nil)
	_, err := b.vendor.Bulk(t.Context(), books.Bulk{Count: 120, Lines: 50, Components: 1})
	require.NoError(t, err)
	_, err = b.vendor.Bulk(t.Context(), books.Bulk{Count: 1, Lines: 10_000, Components: 1, Prefix: "HUGE-"})
	require.NoError(t, err)
	got := b.bills(t, wholeBills())
	require.Len(t, got.bills, 121)
	require.Len(t, products(got.bills[120]), 10_000)
	require.Len(t, components(got.bills[120]), 10_000)
	for _, page := range got.pages {
		if len(page.GetBills()) > 1 {
			require.LessOrEqual(t, proto.Size(page), 1<<20)
		}
	}
	require.Greater(t, proto.Size(got.pages[len(got.pages)-1]), 1<<20)
}

func TestExtraKeys(t *testing.T) {
	b := setup(t, nil, nil)
	bill, err := b.vendor.Create(t.Context(), books.Bill{
		AffairType: books.Assembly, StockOrg: "100", Extra: map[string]string{"F_PAEZ_PUSHED": "true"},
		Lines: []books.Line{{Goods: books.Goods{Material: "M001", Qty: "2", Stock: "CK001"}, Extra: map[string]string{
			"F_PAEZ_REMARK": "易碎",
		}}},
	})
	require.NoError(t, err)
	got := b.bills(t, &kingdeev1.StreamBillsRequest{
		FormId: formID,
		Selection: &kingdeev1.StreamBillsRequest_Ids{
			Ids: &kingdeev1.BillIds{Ids: []int64{bill.ID, 987654321}},
		},
		ExtraBillKeys: []string{"F_PAEZ_PUSHED"}, ExtraLineKeys: []string{"F_PAEZ_REMARK"},
	})
	require.Len(t, got.bills, 1)
	require.Equal(t, map[string]string{"F_PAEZ_PUSHED": "true"}, got.bills[0].GetExtra())
	require.Equal(t, map[string]string{"F_PAEZ_REMARK": "易碎"}, products(got.bills[0])[0].GetExtra())

	_, err = b.tryBills(t,
		&kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything(), ExtraBillKeys: []string{"F_NOT_HERE"}})
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, "field", "F_NOT_HERE")
}

func TestFRowTypeNamedByTheCallerIsNotDropped(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) { c.Personality.NoRowType = true })
	merchant(t, b)
	_, err := b.tryBills(t,
		&kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything(), ExtraLineKeys: []string{"FRowType"}})
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, "field", "FRowType")
}

func TestOptionalKeysThatAServerLacksAreDroppedOnce(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) {
		c.Personality.MissingKeys = []string{"FRowType", "FLOT", "FLOTSETY.FNumber", "FBomID", "FSubProOwnTypeIdH"}
	})
	want := merchant(t, b)
	request := wholeBills()
	queries := func() int {
		before := b.vendor.Calls()["executebillquery"]
		got := b.bills(t, request)
		require.Len(t, got.bills, len(want))
		for _, bill := range got.bills {
			sameBill(t, want[bill.GetId()], bill)
		}
		return b.vendor.Calls()["executebillquery"] - before
	}
	first, second := queries(), queries()
	require.LessOrEqual(t, second, first-5, "five keys were asked for once")
	require.Equal(t, second, queries(), "and then never again")

	request.ExtraLineKeys = []string{"fbomid"}
	_, err := b.tryBills(t, request)
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, "field", "fbomid")
}

func TestAKeyThatNothingCanBeDecidedWithoutIsNotDropped(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) { c.Personality.MissingKeys = []string{"FStockID"} })
	merchant(t, b)
	_, err := b.tryBills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()})
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN,
		"field", "FStockID.FNumber")
}

// Half a vendor page must not pass for knowledge: neither a frame of its rows nor a summary.
func TestAPageCutInTheMiddleEndsTheStreamBeforeIt(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"}, nil)
	want := merchant(t, b)
	for _, drop := range []string{behaviour.DropHalf, behaviour.DropInside} {
		whole := b.bills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()})
		require.NoError(t, b.vendor.AddFault(behaviour.Fault{Skip: 8, Count: 50, Drop: drop}))
		got, err := b.tryBills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()})
		b.vendor.ClearFaults()
		reason := map[string]kingdeev1.ErrorReason{
			behaviour.DropHalf:   kingdeev1.ErrorReason_ERROR_REASON_ANSWER_UNREADABLE,
			behaviour.DropInside: kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE,
		}[drop]
		requireError(t, err, codes.Unavailable, reason)
		require.Nil(t, got.summary)
		require.NotEmpty(t, got.bills)
		require.Less(t, len(got.bills), len(want))
		for i, bill := range got.bills {
			require.Len(t, products(bill), len(want[bill.GetId()].Lines), "what came before is whole")
			require.Equal(t, whole.bills[i].GetId(), bill.GetId())
		}
	}
}

func TestASessionLostInTheMiddleOfAStream(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"}, nil)
	want := merchant(t, b)
	before := b.vendor.Calls()["loginbysign"]
	require.NoError(t, b.vendor.AddFault(behaviour.Fault{Skip: 3, ExpireSessions: true}))
	require.NoError(t, b.vendor.AddFault(behaviour.Fault{Skip: 6, ExpireSessions: true}))
	got := b.bills(t, wholeBills())
	require.Len(t, got.bills, len(want))
	require.Equal(t, before+2, b.vendor.Calls()["loginbysign"])
}

func TestASessionLostAgainRightAfterItWasRenewed(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"}, nil)
	merchant(t, b)
	require.NoError(t, b.vendor.AddFault(behaviour.Fault{
		Skip: 4, Count: 2, Shape: "F1", MsgCode: behaviour.MsgSessionLost, Message: "会话信息已丢失，请重新登录",
	}))
	got, err := b.tryBills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()})
	requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_SESSION_LOST)
	require.Nil(t, got.summary, "a stream that fails has no summary")
}

func TestPagesOfNothingButRowsWithoutAnIDAreGotThrough(t *testing.T) {
	for _, rows := range []string{"10", "2000"} {
		b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": rows}, nil)
		numbers, err := b.vendor.Bulk(t.Context(), books.Bulk{Count: 40})
		require.NoError(t, err)
		broken := append(append([]string{}, numbers[:12]...), numbers[28:]...)
		for _, number := range broken {
			require.NoError(t, b.vendor.Damage(behaviour.Damage{Bill: number, NullFields: []string{"FID"}}))
		}
		states, problems, _ := b.states(t, changedSince(time.Unix(0, 0)))
		require.Len(t, states, 16)
		got := b.bills(t, &kingdeev1.StreamBillsRequest{FormId: formID, Selection: everything()})
		require.Len(t, got.bills, 16)
		for _, met := range [][]*kingdeev1.BillProblem{problems, got.problems} {
			named := map[string]bool{}
			for _, problem := range met {
				named[problem.GetNumber()] = true
				require.Zero(t, problem.GetId())
			}
			require.Len(t, named, len(broken))
			require.Len(t, met, len(broken), "each row is told of once")
		}
	}
}

func TestDamagedBillsStopOnlyThemselves(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"}, nil)
	want := merchant(t, b)
	damage := map[string]struct {
		damage behaviour.Damage
		reason kingdeev1.BillProblemReason
		field  string
	}{
		"A-000002": {
			behaviour.Damage{MissingCells: 1}, kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_ROW_LENGTH, "",
		},
		"A-000004": {
			behaviour.Damage{NullFields: []string{"FAffairType"}},
			kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_FIELD_MISSING, "FAffairType",
		},
		"BIG-000010": {
			behaviour.Damage{NullFields: []string{"FDocumentStatus"}},
			kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_FIELD_MISSING, "FDocumentStatus",
		},
		"B-000012": {
			behaviour.Damage{NullFields: []string{"FID"}},
			kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_FIELD_MISSING, "FID",
		},
	}
	for number, d := range damage {
		d.damage.Bill = number
		require.NoError(t, b.vendor.Damage(d.damage))
	}
	got := b.bills(t, wholeBills())
	require.Len(t, got.bills, len(want)-len(damage))
	require.Len(t, got.problems, len(damage))
	for _, bill := range got.bills {
		sameBill(t, want[bill.GetId()], bill)
	}
	for _, problem := range got.problems {
		d := damage[problem.GetNumber()]
		require.Equal(t, d.reason, problem.GetReason(), problem.GetNumber())
		require.Equal(t, d.field, problem.GetField())
		require.Positive(t, problem.GetRows())
	}
	states, problems, _ := b.states(t,
		&kingdeev1.StreamBillStatesRequest{FormId: formID, Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{
			ChangedSince: everything().ChangedSince,
		}})
	require.Len(t, states, len(want)-len(damage))
	require.Len(t, problems, len(damage))
}
