package rpc

import (
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/internal/access"
)

// needs says who may call what: this service only reads.
var needs = map[string]access.Need{
	kingdeev1.BillService_ExecuteBillQuery_FullMethodName: {Role: access.Viewer},
	kingdeev1.BillService_StreamBills_FullMethodName:      {Role: access.Viewer},
	kingdeev1.BillService_StreamBillStates_FullMethodName: {Role: access.Viewer},
	kingdeev1.BillService_GetBill_FullMethodName:          {Role: access.Viewer},
	kingdeev1.BillService_CheckConnection_FullMethodName:  {Role: access.Viewer},
}
