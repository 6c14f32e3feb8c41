package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	// mostAsked is how many numbers one call takes.
	mostAsked = 1000
	// mostPasted bounds what is read of a list.
	mostPasted = 16 << 20
)

func (sh *shell) billsCommand() *cobra.Command {
	var file, scheme string
	cmd := &cobra.Command{
		Use:   "bills [NUMBER...]",
		Short: "一批单据的结论 what became of many bills: of arguments, a file, or what is piped in",
		Long: `Takes bill numbers as somebody pasted them: with commas, semicolons, tabs or ends of lines between,
Chinese ones too; wide or narrow letters and digits, in capitals or not; a file of Excel in UTF-16 or UTF-8. Each is
answered once, in the order of the list, and those that nobody has seen stay in it.

    voidrelay bills ZZCX000151 ZZCX000152
    voidrelay bills --file list.txt --output csv > answers.csv
    pbpaste | voidrelay bills`,
		GroupID: groupAsk,
	}
	cmd.Flags().StringVar(&file, "file", "", "文件 a file with the numbers; - is what is piped in")
	cmd.Flags().StringVar(&scheme, "scheme", "", "方案 only as this scheme has them")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		numbers, err := sh.listed(args, file)
		if err != nil {
			return err
		}
		answer, err := askBills(ctx, client, numbers, scheme)
		switch {
		case err != nil:
			return err
		case r.form == formCSV:
			sh.printCSV(billHead, billRows(answer))
			return nil
		case r.printed(answer):
			return nil
		}
		sh.printReadings(answer.GetReadings())
		sh.printAnswers(answer)
		return nil
	})
}

// listed are the numbers of the arguments, or of a file, or else of what is piped in.
func (sh *shell) listed(args []string, file string) ([]string, error) {
	if len(args) == 1 && args[0] == "-" && file == "" {
		args, file = nil, "-"
	}
	text := strings.Join(args, "\n")
	switch {
	case file != "" && len(args) > 0:
		return nil, fmt.Errorf("%w: numbers, or --file: not both", errWrong)
	case file == "-" || file == "" && len(args) == 0 && !sh.terminal && sh.in != nil:
		content, err := io.ReadAll(io.LimitReader(sh.in, mostPasted))
		if err != nil {
			return nil, err
		}
		text = textOf(content)
	case file != "":
		content, err := os.ReadFile(file) //nolint:gosec // the file that a person named
		if err != nil {
			return nil, fmt.Errorf("%w: --file: %w", errWrong, err)
		}
		text = textOf(content)
	}
	numbers := numbersOf(text)
	if len(numbers) == 0 {
		return nil, fmt.Errorf("%w: 没有单据编号 no bill number: name some, or --file, or pipe them in", errWrong)
	}
	return numbers, nil
}

// askBills asks for all numbers, as they were typed and in one case, and answers each once.
func askBills(
	ctx context.Context, client *install.Client, numbers []string, scheme string,
) (*orchestratorv1.BatchGetBillsResponse, error) {
	all := &orchestratorv1.BatchGetBillsResponse{}
	for len(numbers) > 0 {
		var asked []string
		n := 0
		for n < len(numbers) && len(asked)+3 <= mostAsked {
			asked = append(asked, spellings(numbers[n])...)
			n++
		}
		answer, err := client.Bills.BatchGetBills(ctx,
			&orchestratorv1.BatchGetBillsRequest{BillNos: asked, Scheme: scheme})
		if err != nil {
			return nil, err
		}
		found := map[string]*orchestratorv1.BillAnswer{}
		for _, one := range answer.GetAnswers() {
			found[one.GetBillNo()] = one
		}
		for _, number := range numbers[:n] {
			all.Answers = append(all.Answers, bestOf(found, number))
		}
		all.Readings, numbers = answer.GetReadings(), numbers[n:]
	}
	return all, nil
}

// bestOf is the answer of the spelling that there is a bill of, under the number as it was typed.
func bestOf(found map[string]*orchestratorv1.BillAnswer, number string) *orchestratorv1.BillAnswer {
	for _, spelling := range spellings(number) {
		if one := found[spelling]; len(one.GetBills()) > 0 {
			return &orchestratorv1.BillAnswer{BillNo: number, Bills: one.GetBills()}
		}
	}
	one := found[number]
	return &orchestratorv1.BillAnswer{
		BillNo: number, Unread: one.GetUnread(), Text: one.GetText(), TextEn: one.GetTextEn(),
	}
}

// printAnswers prints a row for each order, and one for each bill that nobody has seen.
func (sh *shell) printAnswers(answer *orchestratorv1.BatchGetBillsResponse) {
	t := sh.newTable("单据 bill", "结论 verdict", "种类 kind", "仓库单 order", "答复 disposition", "次数 attempts", "时间 time")
	for _, one := range answer.GetAnswers() {
		if len(one.GetBills()) == 0 {
			t.row(one.GetBillNo(), sh.words(bothWays(one.GetText(), one.GetTextEn())), "-", "-", "-", "-", "-")
		}
		for _, bill := range one.GetBills() {
			sh.addBill(t, bill, time.Time{})
		}
	}
	t.print(sh.out)
}

// billHead are the columns of a list of bills for a spreadsheet, by REST's names: of the bill, then of a cancellation.
var billHead = []string{
	"billNo", "scheme", "verdict", "verdictText", "reason", "asOfTime", "cancellationId", "orderKind", "warehouseCode",
	"warehouseName", "orderCode", "orderType", "state", "disposition", "attempts", "vendorMessage", "outcomeTime",
}

// billRows are a row for each cancellation; a bill without one, and a number that nobody has seen, have one, too.
func billRows(answer *orchestratorv1.BatchGetBillsResponse) [][]string {
	var rows [][]string
	for _, one := range answer.GetAnswers() {
		if len(one.GetBills()) == 0 {
			row := make([]string, len(billHead))
			row[0], row[3], row[4] = one.GetBillNo(), one.GetText(), one.GetTextEn()
			rows = append(rows, row)
		}
		for _, b := range one.GetBills() {
			own := []string{
				b.GetBillNo(), b.GetScheme(), b.GetVerdict().String(), b.GetVerdictText(), b.GetReason(),
				cellTime(b.GetAsOfTime()),
			}
			for _, c := range b.GetCancellations() {
				rows = append(rows, append(own[:len(own):len(own)], strconv.FormatInt(c.GetCancellationId(), 10),
					c.GetOrderKind(), c.GetWarehouseCode(), c.GetWarehouseName(), c.GetOrderCode(), c.GetOrderType(),
					c.GetState().String(), c.GetDisposition(), strconv.Itoa(int(c.GetAttempts())),
					cmp.Or(c.GetVendorMessage(), c.GetHoldReason()), cellTime(c.GetOutcomeTime())))
			}
			if len(b.GetCancellations()) == 0 {
				rows = append(rows, append(own, make([]string, len(billHead)-len(own))...))
			}
		}
	}
	return rows
}
