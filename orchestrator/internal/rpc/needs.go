package rpc

import (
	v1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"

	"github.com/voidrelay/voidrelay/internal/access"
)

// needs says who may call what. Viewers read. Operators settle what waits for a person and stop or let go on what
// runs. What changes which orders are sent from now on is an admin's.
var needs = map[string]access.Need{
	v1.BillService_GetBill_FullMethodName:                       {Role: access.Viewer},
	v1.BillService_BatchGetBills_FullMethodName:                 {Role: access.Viewer},
	v1.BillService_ReadBillNow_FullMethodName:                   {Role: access.Operator},
	v1.CancellationService_ListCancellations_FullMethodName:     {Role: access.Viewer},
	v1.CancellationService_GetCancellation_FullMethodName:       {Role: access.Viewer},
	v1.CancellationService_ListWorkItems_FullMethodName:         {Role: access.Viewer},
	v1.CancellationService_ListOperatorActions_FullMethodName:   {Role: access.Viewer},
	v1.CancellationService_FindOperatorActions_FullMethodName:   {Role: access.Viewer},
	v1.CancellationService_RetryCancellations_FullMethodName:    {Role: access.Operator},
	v1.CancellationService_IgnoreCancellations_FullMethodName:   {Role: access.Operator},
	v1.CancellationService_MarkCancellationsDone_FullMethodName: {Role: access.Operator},
	v1.CancellationService_ReleaseCancellations_FullMethodName:  {Role: access.Operator},
	v1.CancellationService_CloseWorkItems_FullMethodName:        {Role: access.Operator},
	v1.CancellationService_ReclassifyAnswers_FullMethodName:     {Role: access.Admin},

	v1.EventService_ListEvents_FullMethodName:    {Role: access.Viewer},
	v1.EventService_WatchEvents_FullMethodName:   {Role: access.Viewer},
	v1.StatusService_GetStatus_FullMethodName:    {Role: access.Viewer},
	v1.WorkService_ListConditions_FullMethodName: {Role: access.Viewer},

	v1.LedgerService_GetLedgerMemory_FullMethodName: {Role: access.Viewer},
	v1.LedgerService_ConfirmLedger_FullMethodName:   {Role: access.Admin},

	v1.RunService_GetRun_FullMethodName:            {Role: access.Viewer},
	v1.RunService_ListRuns_FullMethodName:          {Role: access.Viewer},
	v1.RunService_ListBackfillItems_FullMethodName: {Role: access.Viewer},
	v1.RunService_StartRun_FullMethodName:          {Role: access.Operator},
	v1.RunService_CancelRun_FullMethodName:         {Role: access.Operator},
	v1.RunService_ApplyBackfill_FullMethodName:     {Role: access.Operator},

	v1.SchemeService_ListSchemes_FullMethodName:          {Role: access.Viewer},
	v1.SchemeService_GetScheme_FullMethodName:            {Role: access.Viewer},
	v1.SchemeService_ListWatermarkChanges_FullMethodName: {Role: access.Viewer},
	v1.SchemeService_DiffSchemes_FullMethodName:          {Role: access.Viewer},
	v1.SchemeService_DiffSchemeBills_FullMethodName:      {Role: access.Viewer},
	v1.SchemeService_ListSchemeRevisions_FullMethodName:  {Role: access.Viewer},
	v1.SchemeService_ExportSchemes_FullMethodName:        {Role: access.Viewer},
	v1.SchemeService_GetSchemeDraft_FullMethodName:       {Role: access.Viewer},
	v1.SchemeService_PauseScheme_FullMethodName:          {Role: access.Operator},
	v1.SchemeService_ResumeScheme_FullMethodName:         {Role: access.Operator},
	v1.SchemeService_StopAll_FullMethodName:              {Role: access.Operator},
	v1.SchemeService_ResumeAll_FullMethodName:            {Role: access.Operator},
	v1.SchemeService_SetSchemeMode_FullMethodName:        {Role: access.Admin},
	v1.SchemeService_MoveWatermark_FullMethodName:        {Role: access.Admin},
	v1.SchemeService_ApplySchemes_FullMethodName:         {Role: access.Admin},
	v1.SchemeService_RetireScheme_FullMethodName:         {Role: access.Admin},
	v1.SchemeService_SaveSchemeDraft_FullMethodName:      {Role: access.Admin},
	v1.SchemeService_DiscardSchemeDraft_FullMethodName:   {Role: access.Admin},
}
