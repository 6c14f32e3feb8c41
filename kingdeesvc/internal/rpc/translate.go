package rpc

import (
	"fmt"
	"strings"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/bills"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/checkup"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// selecting is what both streams' requests have.
type selecting interface {
	asking
	GetChangedSince() *kingdeev1.ChangedSince
	GetIds() *kingdeev1.BillIds
	GetNumbers() *kingdeev1.BillNumbers
}

func selection(req selecting) bills.Selection {
	return bills.Selection{
		Since:   req.GetChangedSince().GetSince().AsTime(),
		AfterID: req.GetChangedSince().GetAfterId(),
		IDs:     req.GetIds().GetIds(),
		Numbers: req.GetNumbers().GetNumbers(),
	}
}

// asking is what every request about a form has.
type asking interface {
	GetFormId() string
	GetKeys() map[string]string
	GetClosedEnds() bool
}

// describing is what every request for whole bills has.
type describing interface {
	asking
	GetFurtherEntities() []string
	GetExtraBillKeys() []string
	GetExtraLineKeys() []string
}

// options are what a request wants of bills; the light read wants no more than every request may.
func options(req asking) bills.Options {
	o := bills.Options{Keys: req.GetKeys(), ClosedEnds: req.GetClosedEnds()}
	if whole, ok := req.(describing); ok {
		o.FurtherEntities = whole.GetFurtherEntities()
		o.ExtraBillKeys, o.ExtraLineKeys = whole.GetExtraBillKeys(), whole.GetExtraLineKeys()
	}
	return o
}

// tableRows hands the table on as it is; a row that cannot be one is an error, since there is no bill to blame.
func tableRows(table *kingdee.Table, keys []string) ([]*kingdeev1.Row, error) {
	rows := make([]*kingdeev1.Row, len(table.Rows))
	for i, row := range table.Rows {
		if len(row) != len(keys) {
			return nil, badTable("row %d has %d cells where %d keys were asked for", i, len(row), len(keys))
		}
		cells := make([]*kingdeev1.Cell, len(row))
		for j, cell := range row {
			if cell.Kind == kingdee.Other {
				return nil, badTable("row %d holds no plain value for %s", i, keys[j])
			}
			cells[j] = tableCell(cell)
		}
		rows[i] = &kingdeev1.Row{Cells: cells}
	}
	return rows, nil
}

func tableCell(cell kingdee.Cell) *kingdeev1.Cell {
	switch cell.Kind {
	case kingdee.Text, kingdee.Unfit:
		return &kingdeev1.Cell{Kind: &kingdeev1.Cell_Text{Text: cell.Text}}
	case kingdee.Number:
		return &kingdeev1.Cell{Kind: &kingdeev1.Cell_Number{Number: cell.Text}}
	case kingdee.Bool:
		return &kingdeev1.Cell{Kind: &kingdeev1.Cell_Boolean{Boolean: cell.Text == "true"}}
	}
	return &kingdeev1.Cell{}
}

var checkResults = map[checkup.Result]kingdeev1.CheckResult{
	checkup.OK: kingdeev1.CheckResult_CHECK_RESULT_OK, checkup.Skipped: kingdeev1.CheckResult_CHECK_RESULT_SKIPPED,
	checkup.Warning: kingdeev1.CheckResult_CHECK_RESULT_WARNING,
	checkup.Failed:  kingdeev1.CheckResult_CHECK_RESULT_FAILED,
}

func checkFindings(findings []checkup.Finding) []*kingdeev1.CheckFinding {
	out := make([]*kingdeev1.CheckFinding, len(findings))
	for i, f := range findings {
		out[i] = &kingdeev1.CheckFinding{
			Id: f.ID, FormId: f.FormID, Result: checkResults[f.Result],
			TitleZh: f.Title.ZH, TitleEn: f.Title.EN,
			FoundZh: valid(f.Found.ZH), FoundEn: valid(f.Found.EN),
			AdviceZh: valid(f.Advice.ZH), AdviceEn: valid(f.Advice.EN),
		}
	}
	return out
}

// valid keeps a vendor's broken bytes out of a message, which could not be sent with them.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func badTable(format string, args ...any) error {
	return &kingdee.Fault{Class: kingdee.Unreadable, Code: kingdee.NoCode, Message: fmt.Sprintf(format, args...)}
}
