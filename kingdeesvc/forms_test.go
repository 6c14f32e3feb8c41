package kingdeesvc_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

const formsDoc = "../docs/kingdee-forms.md"

const formsIntro = `# The forms of 金蝶云星空 that are read

Made by ~go test ./kingdeesvc -run TestThePageOfForms -update~ from the tables in
[kingdeesvc/internal/form](../kingdeesvc/internal/form); do not edit it. ~StreamBills~, ~StreamBillStates~ and ~GetBill~
of [kingdee.v1](../proto/kingdee/v1/bill.proto) read the bills of these forms and refuse any other with ~FORM_UNKNOWN~;
~ExecuteBillQuery~ asks any.

Left is Kingdee's key, then where its value is found: a field of ~Bill~ or ~Line~, or, marked *fields*, an entry of
their ~fields~. The public page of the interface writes ~_~ for the dot in a key. A key that *must* exist ends the read
where a server does not know it, and is named; one that *may* is left out there. An *open* key is confirmed by no public
source: ~keys~ of the request may give another one, under the name that stands here, and must where there is none.
`

// The page says for each form which key becomes what.
func TestThePageOfFormsIsTheTables(t *testing.T) {
	var page strings.Builder
	page.WriteString(strings.ReplaceAll(formsIntro, "~", "`"))
	for _, f := range kingdeesvc.Forms {
		ends := make([]string, len(f.Ends))
		for i, end := range f.Ends {
			ends[i] = string(end)
		}
		fmt.Fprintf(&page, "\n## %s %s\n\n", f.ID, f.Title)
		fmt.Fprintf(&page, "A bill ends %s.", strings.Join(ends, ", or where a request says so "))
		if len(f.Kinds) > 0 {
			fmt.Fprintf(&page, " Its kinds are %s.", strings.Join(f.Kinds, " and "))
		}
		page.WriteString("\n\n| key | value | |\n|---|---|---|\n")
		columnRows(&page, f.Head, "", (&kingdeev1.Bill{}).ProtoReflect().Descriptor())
		for i, e := range f.Entities {
			how := "read with the head"
			if i > 0 {
				how = "read where `further_entities` names it"
			}
			fmt.Fprintf(&page, "\nLines of `%s`, %s:\n\n| key | value | |\n|---|---|---|\n", e.Name, how)
			columnRows(&page, e.Columns, e.Name+".", (&kingdeev1.Line{}).ProtoReflect().Descriptor())
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(formsDoc, []byte(page.String()), 0o644))
	}
	written, err := os.ReadFile(formsDoc)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(written), page.String()),
		"run go test ./kingdeesvc -run TestThePageOfForms -update")
}

func columnRows(page *strings.Builder, columns []form.Column, entity string, message protoreflect.MessageDescriptor) {
	for _, c := range columns {
		key, value, need := "`"+c.Key+"`", "`"+c.Name+"`", "must"
		switch {
		case c.Name == "close_status":
			value = "`end_state`"
		case message.Fields().ByName(protoreflect.Name(c.Name)) == nil:
			value += " *fields*"
		}
		if c.Need == form.May {
			need = "may"
		}
		if c.Open {
			need += ", open: `" + entity + c.Name + "`"
		}
		if c.Key == "" {
			key = ""
		}
		fmt.Fprintf(page, "| %s | %s | %s |\n", key, value, need)
	}
}

// seed are the forty names of the seed's interface, as its page writes them: 查询 of STK_AssembledApp.
const seed = `
FID FBillNo FDocumentStatus FStockOrgId_FNumber FDate FBillTypeID FOwnerTypeIdHead FOwnerIdHead_FNumber FAffairType
FEE FDeptID_FNumber FNote FCreateDate FModifyDate FAPPROVEDATE FCANCELDATE FCANCELSTATUS FSubProOwnTypeIdH
FSubProOwnerIdH_FNumber FRowType FMaterialID_FNumber FMaterialID_FBARCODE FUnitID_FNumber FQty Fee_ETY
FStockID_FNumber FStockStatusID FDescription FMTONO FOwnerTypeID FOwnerID_FNumber FKeeperTypeID FKeeperID_FNumber
FBomID FProduceDate FEXPIRYDATE FLOT_FNumber FSrcBillTypeId FSrcBillNo FEntity_FEntryID
`

// All forty have a field of their own: nothing of the seed's interface is hidden in a map.
func TestTheSeedsFortyFieldsAreFieldsOfTheContract(t *testing.T) {
	f := kingdeesvc.Forms[0]
	require.Equal(t, formID, f.ID)
	var names []string
	for at, columns := range [][]form.Column{f.Head, f.Entities[0].Columns} {
		message := []protoreflect.MessageDescriptor{
			(&kingdeev1.Bill{}).ProtoReflect().Descriptor(), (&kingdeev1.Line{}).ProtoReflect().Descriptor(),
		}[at]
		for _, c := range columns {
			field := message.Fields().ByName(protoreflect.Name(c.Name))
			require.NotNil(t, field, "%s is no field of %s", c.Name, message.Name())
			names = append(names, strings.ReplaceAll(c.Key, ".", "_"))
		}
	}
	require.ElementsMatch(t, strings.Fields(seed), names)
}

func TestAnUnknownFormIsRefusedByName(t *testing.T) {
	b := setup(t, nil, nil)
	since := &kingdeev1.ChangedSince{Since: timestamppb.Now()}
	_, err := b.tryBills(t, &kingdeev1.StreamBillsRequest{
		FormId: "PUR_PurchaseOrder", Selection: &kingdeev1.StreamBillsRequest_ChangedSince{ChangedSince: since},
	})
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FORM_UNKNOWN, "field", "form_id")
	require.ErrorContains(t, err, formID, "the message says which there are")
	stream, err := b.client.StreamBillStates(t.Context(), &kingdeev1.StreamBillStatesRequest{
		FormId: "PUR_PurchaseOrder", Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: since},
	})
	require.NoError(t, err)
	_, err = stream.Recv()
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FORM_UNKNOWN, "field", "form_id")
	_, err = b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: "PUR_PurchaseOrder", Id: 1})
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FORM_UNKNOWN, "field", "form_id")
	require.Zero(t, b.vendor.Calls()["view"], "Kingdee is not asked")

	for field, req := range map[string]*kingdeev1.GetBillRequest{
		"form_id":          {Id: 1},
		"closed_ends":      {FormId: formID, Id: 1, ClosedEnds: true},
		"further_entities": {FormId: formID, Id: 1, FurtherEntities: []string{"FTax"}},
		"keys":             {FormId: formID, Id: 1, Keys: map[string]string{"note": "F_ABC_Note"}},
	} {
		_, err := b.client.GetBill(t.Context(), req)
		requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID, "field", field)
	}
}
