package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) replayCommand() *cobra.Command {
	var request orchestratorv1.ReplayMappingRequest
	var revision int32
	var file, from, to string
	const use = "SCHEME (--revision N | --file F) [--from T] [--to T]"
	cmd := &cobra.Command{
		Use:   "replay " + use,
		Short: "映射重放 where the requests of stored bills would differ through another mapping; sends nothing",
		Long: "Takes stored bills, as they were last seen live, through another mapping and lists whose requests " +
			"would differ. Sends nothing.\n\n" + timesHelp,
		GroupID: groupAsk,
		Args:    args(1, use),
	}
	cmd.Flags().Int32Var(&revision, "revision", 0, "版本 a stored revision of the scheme")
	cmd.Flags().StringVar(&file, "file", "", "方案文件 a schemes file that is not loaded")
	cmd.Flags().StringVar(&from, "from",
		"", "起 bills that were last read from here on (Beijing time unless it names a zone); left out: all before --to")
	cmd.Flags().StringVar(&to, "to", "", "止 and before this; left out: until now")
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		switch {
		case (revision > 0) == (file != ""):
			return fmt.Errorf("%w: 请指定其一 want --revision or --file", errWrong)
		case revision > 0:
			request.Mapping = &orchestratorv1.ReplayMappingRequest_Revision{Revision: revision}
		default:
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("%w: --file: %w", errWrong, err)
			}
			request.Mapping = &orchestratorv1.ReplayMappingRequest_Document{Document: string(text)}
		}
		if err := readTimes(from, &request.ReadTimeFrom, to, &request.ReadTimeTo); err != nil {
			return err
		}
		all, err := replayAll(ctx, client, &request)
		if err != nil || r.printJSON(all) {
			return err
		}
		sh.printReplay(all)
		return nil
	})
}

// replayAll asks for page after page and answers them as one.
func replayAll(
	ctx context.Context, client *install.Client, request *orchestratorv1.ReplayMappingRequest,
) (*orchestratorv1.ReplayMappingResponse, error) {
	all := &orchestratorv1.ReplayMappingResponse{}
	for {
		call, cancel := context.WithTimeout(ctx, callTime)
		page, err := client.Schemes.ReplayMapping(call, request)
		cancel()
		if err != nil {
			return nil, err
		}
		all.Differences = append(all.Differences, page.GetDifferences()...)
		all.Bills, all.OrdersSame = all.Bills+page.GetBills(), all.OrdersSame+page.GetOrdersSame()
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all, nil
		}
	}
}

// printReplay prints each order whose request would differ.
func (sh *shell) printReplay(all *orchestratorv1.ReplayMappingResponse) {
	t := newTable("单据 bill", "种类 kind", "现在 now", "改后 then")
	for _, d := range all.GetDifferences() {
		t.row(d.GetBillNo(), d.GetOrderKind()+" "+d.GetWarehouseNumber(),
			mappedWords(d.GetBefore()), mappedWords(d.GetAfter()))
		if d.GetFault() != "" {
			t.remark(d.GetFault())
		}
	}
	if len(all.GetDifferences()) > 0 {
		t.print(sh.out)
	}
	fmt.Fprintf(sh.out, "单据 bills %d, 请求相同 orders alike %d, 不同 differ %d; 未发送任何请求 nothing was sent\n",
		all.GetBills(), all.GetOrdersSame(), len(all.GetDifferences()))
}

func mappedWords(r *orchestratorv1.MappedRequest) string {
	if r == nil {
		return "-"
	}
	return r.GetAccount() + " " + r.GetWarehouseCode() + "/" + r.GetOrderCode() + "/" + r.GetOrderType() + " " +
		r.GetOwnerCode() + " " + r.GetCancelReason() + propsWords(r.GetExtendProps())
}

func propsWords(props map[string]string) string {
	if len(props) == 0 {
		return ""
	}
	return fmt.Sprintf(" %v", props)
}
