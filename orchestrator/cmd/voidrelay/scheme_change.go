package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// noRevision says that --if-revision was not given: 0 is a revision to ask for, that of a scheme that is not there yet.
const noRevision = -1

func (sh *shell) schemeApplyCommand() *cobra.Command {
	var request orchestratorv1.ApplySchemesRequest
	var yes bool
	var ifRevision int32
	var orders string
	const use = "FILE --reason WHY"
	cmd := &cobra.Command{
		Use:   "apply " + use,
		Short: "应用方案文件 makes what a file says the newest revision of its schemes: shows what it changes, and asks",
		Long: "Makes what a file says the newest revision of its schemes, by which all orchestrators work within " +
			"seconds. Shows what that changes and asks first. A scheme whose content is that of its newest revision " +
			"gets no other; one that the file does not name stays as it is.\n\n" +
			"Where the file changes the code of a warehouse, or the order type or code of a kind, say with --orders " +
			"which bills that goes for: corrected (the old one was wrong: stored bills are mapped anew) or from-now " +
			"(orders that are there keep theirs). Open cancellations stay as they were decided.",
		Args: args(1, use),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "不再询问 does not ask, for scripts")
	cmd.Flags().Int32Var(&ifRevision, "if-revision", noRevision,
		"仅当方案仍为此版本 only if the file's one scheme is at this revision; 0: only if there is no such scheme yet")
	ordersFlag(cmd, &orders)
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		text, err := os.ReadFile(args[0])
		if err != nil {
			return fmt.Errorf("%w: %w", errWrong, err)
		}
		request.Document = string(text)
		if request.Orders, err = ordersChoice(orders); err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, callTime)
		diff, err := client.Schemes.DiffSchemes(call, &orchestratorv1.DiffSchemesRequest{
			Proposal: &orchestratorv1.DiffSchemesRequest_Document{Document: request.GetDocument()},
		})
		cancel()
		if err != nil {
			return err
		}
		if request.IfRevisions, err = seenRevisions(diff.GetSchemes(), ifRevision); err != nil {
			return err
		}
		if !r.machine() {
			for _, d := range diff.GetSchemes() {
				printDiff(sh, d)
			}
		}
		if changes(diff.GetSchemes()) && !yes && !unsaid(diff.GetSchemes(), request.GetOrders()) {
			if err := sh.confirm("应用以上改动 apply this?"); err != nil {
				return err
			}
		}
		call, cancel = context.WithTimeout(ctx, callTime)
		defer cancel()
		answer, err := client.Schemes.ApplySchemes(call, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printApplied(answer.GetSchemes())
		return nil
	})
}

func ordersFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "orders", "", "仓库单映射的改动适用于哪些单据 which bills another code or order type goes "+
		"for: corrected 以前有误，一并更正 (also stored ones), from-now 自此生效 (only those that come)")
}

// ordersChoice reads --orders.
func ordersChoice(said string) (orchestratorv1.OrdersChoice, error) {
	switch said {
	case "":
		return orchestratorv1.OrdersChoice_ORDERS_CHOICE_UNSPECIFIED, nil
	case "corrected":
		return orchestratorv1.OrdersChoice_ORDERS_CHOICE_CORRECTED, nil
	case "from-now":
		return orchestratorv1.OrdersChoice_ORDERS_CHOICE_FROM_NOW, nil
	}
	return 0, fmt.Errorf("%w: --orders 只能是 can only be corrected or from-now", errWrong)
}

// unsaid: it will be refused, so that nobody need be asked.
func unsaid(diffs []*orchestratorv1.SchemeDiff, choice orchestratorv1.OrdersChoice) bool {
	return choice == orchestratorv1.OrdersChoice_ORDERS_CHOICE_UNSPECIFIED &&
		slices.ContainsFunc(diffs, func(d *orchestratorv1.SchemeDiff) bool { return len(d.GetOrderChanges()) > 0 })
}

// seenRevisions are the revisions that whoever applies was shown: what is applied is what was shown. wanted is the one
// that he asks for himself, of the one scheme of his file.
func seenRevisions(diffs []*orchestratorv1.SchemeDiff, wanted int32) (map[string]int32, error) {
	seen := map[string]int32{}
	for _, d := range diffs {
		if d.GetChange() != orchestratorv1.SchemeChange_SCHEME_CHANGE_ABSENT {
			seen[d.GetScheme()] = d.GetRevision()
		}
	}
	if wanted == noRevision {
		return seen, nil
	}
	if len(seen) != 1 {
		return nil, fmt.Errorf("%w: --if-revision 只用于单个方案的文件 goes with a file of one scheme; this one has %d",
			errWrong, len(seen))
	}
	for name := range seen {
		seen[name] = wanted
	}
	return seen, nil
}

func changes(diffs []*orchestratorv1.SchemeDiff) bool {
	for _, d := range diffs {
		switch d.GetChange() {
		case orchestratorv1.SchemeChange_SCHEME_CHANGE_NONE, orchestratorv1.SchemeChange_SCHEME_CHANGE_ABSENT:
		default:
			return true
		}
	}
	return false
}

// printApplied prints one line for each scheme that was revised.
func (sh *shell) printApplied(diffs []*orchestratorv1.SchemeDiff) {
	if !changes(diffs) {
		fmt.Fprintln(sh.out, "内容与现行版本相同，未产生新版本 nothing differs; no revision was made")
		return
	}
	for _, d := range diffs {
		switch {
		case d.GetRevision() != d.GetNextRevision():
			sh.printf("已应用 applied  %s  第 %d 版 revision %d，各主机几秒内生效 works on all hosts within seconds\n",
				d.GetScheme(), d.GetNextRevision(), d.GetNextRevision())
		case d.GetChange() == orchestratorv1.SchemeChange_SCHEME_CHANGE_RETURNED:
			sh.printf("已重新启用 taken up again  %s  第 %d 版 revision %d\n", d.GetScheme(), d.GetRevision(),
				d.GetRevision())
		}
	}
}

func (sh *shell) schemeDiffCommand() *cobra.Command {
	var revision int32
	var from, to string
	var bills bool
	var orders string
	var most int
	const use = "FILE | SCHEME --revision N"
	cmd := &cobra.Command{
		Use: "diff FILE [--bills]",
		Short: "比较方案文件与账本 what a file would change, with --bills also of the requests of stored bills; " +
			"nothing is stored",
		Long: "Says what applying a file, or going back to a stored revision, would change. With --bills takes " +
			"stored bills, as they were last seen live, through both and lists whose requests would differ. Stores " +
			"and sends nothing.\n\n" + timesHelp,
		Args: args(1, use),
	}
	cmd.Flags().Int32Var(&revision, "revision", 0, "与已存版本比较 compares with a stored revision of the scheme instead")
	cmd.Flags().BoolVar(&bills, "bills", false, "重算已存单据 takes stored bills through both")
	cmd.Flags().IntVar(&most, "limit", 200, "最多列出多少张仓库单 how many orders are listed; all are counted")
	ordersFlag(cmd, &orders)
	cmd.Flags().StringVar(&from, "from", "",
		"起 with --bills: that were last read from here on (Beijing time unless it names a zone); left out: all")
	cmd.Flags().StringVar(&to, "to", "", "止 and before this; left out: until now")
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request, request2 := &orchestratorv1.DiffSchemesRequest{}, &orchestratorv1.DiffSchemeBillsRequest{}
		var err error
		if request2.Orders, err = ordersChoice(orders); err != nil {
			return err
		}
		if revision > 0 {
			request.Proposal = &orchestratorv1.DiffSchemesRequest_Revision{
				Revision: &orchestratorv1.StoredRevision{Scheme: args[0], Revision: revision},
			}
			request2.Mapping = &orchestratorv1.DiffSchemeBillsRequest_Revision{Revision: revision}
		} else {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("%w: %w", errWrong, err)
			}
			request.Proposal = &orchestratorv1.DiffSchemesRequest_Document{Document: string(text)}
			request2.Mapping = &orchestratorv1.DiffSchemeBillsRequest_Document{Document: string(text)}
		}
		if err := readTimes(from, &request2.ReadTimeFrom, to, &request2.ReadTimeTo); err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, callTime)
		answer, err := client.Schemes.DiffSchemes(call, request)
		cancel()
		if err != nil {
			return err
		}
		if !bills {
			if r.printed(answer) {
				return nil
			}
			for _, d := range answer.GetSchemes() {
				printDiff(sh, d)
			}
			return nil
		}
		return sh.diffBills(ctx, r, client, answer.GetSchemes(), request2, most)
	})
}

// diffBills prints what would change, and of each scheme that would be revised where the requests of stored bills would
// differ, the first of them one by one.
func (sh *shell) diffBills(
	ctx context.Context, r *remote, client *install.Client, diffs []*orchestratorv1.SchemeDiff,
	request *orchestratorv1.DiffSchemeBillsRequest, most int,
) error {
	for _, d := range diffs {
		if !r.machine() {
			printDiff(sh, d)
		}
		if d.GetRevision() == 0 || d.GetChange() == orchestratorv1.SchemeChange_SCHEME_CHANGE_ABSENT {
			continue
		}
		request.Scheme, request.PageToken = d.GetScheme(), ""
		all, err := diffAllBills(ctx, client, request, most)
		if err != nil {
			return err
		}
		if !r.printed(all) {
			sh.printBillDiff(all)
		}
	}
	return nil
}

// diffPage is how many bills diffAllBills asks for at once.
const diffPage = 2000

// diffAllBills asks for page after page and answers them as one, with at most so many differences.
func diffAllBills(
	ctx context.Context, client *install.Client, request *orchestratorv1.DiffSchemeBillsRequest, most int,
) (*orchestratorv1.DiffSchemeBillsResponse, error) {
	all := &orchestratorv1.DiffSchemeBillsResponse{}
	request.PageSize = diffPage
	for {
		call, cancel := context.WithTimeout(ctx, callTime)
		page, err := client.Schemes.DiffSchemeBills(call, request)
		cancel()
		if err != nil {
			return nil, err
		}
		listed := page.GetDifferences()
		all.Differences = append(all.Differences, listed[:min(len(listed), max(most-len(all.GetDifferences()), 0))]...)
		all.Bills, all.OrdersSame = all.Bills+page.GetBills(), all.OrdersSame+page.GetOrdersSame()
		all.OrdersChanged += page.GetOrdersChanged()
		all.OrdersAdded += page.GetOrdersAdded()
		all.OrdersRemoved += page.GetOrdersRemoved()
		all.OrdersFaulty += page.GetOrdersFaulty()
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all, nil
		}
	}
}

var mappingWords = map[orchestratorv1.MappingChange]string{
	orchestratorv1.MappingChange_MAPPING_CHANGE_CHANGED: "不同 changed",
	orchestratorv1.MappingChange_MAPPING_CHANGE_ADDED:   "新增 added",
	orchestratorv1.MappingChange_MAPPING_CHANGE_REMOVED: "不再有 outside",
	orchestratorv1.MappingChange_MAPPING_CHANGE_FAULTY:  "无法映射 faulty",
}

// printBillDiff prints the orders whose request would differ, and counts all of them.
func (sh *shell) printBillDiff(all *orchestratorv1.DiffSchemeBillsResponse) {
	t := sh.newTable("单据 bill", "种类 kind", "如何 how", "现在 now", "改后 then")
	for _, d := range all.GetDifferences() {
		t.row(d.GetBillNo(), d.GetOrderKind()+" "+d.GetWarehouseNumber(), mappingWords[d.GetChange()],
			mappedWords(d.GetBefore()), mappedWords(d.GetAfter()))
		if d.GetFault() != "" {
			t.remark(d.GetFault())
		}
	}
	if len(all.GetDifferences()) > 0 {
		t.print(sh.out)
	}
	differing := all.GetOrdersChanged() + all.GetOrdersAdded() + all.GetOrdersRemoved() + all.GetOrdersFaulty()
	if more := differing - int64(len(all.GetDifferences())); more > 0 {
		sh.printf("  … 另有 and %d more, see --limit\n", more)
	}
	sh.printf("  已存单据 stored bills %d；仓库单 orders: 相同 alike %d, 不同 changed %d, 新增 added %d, 不再有 outside %d, "+
		"无法映射 faulty %d；未发送任何请求 nothing was sent\n",
		all.GetBills(), all.GetOrdersSame(), all.GetOrdersChanged(), all.GetOrdersAdded(), all.GetOrdersRemoved(),
		all.GetOrdersFaulty())
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

var changeWords = map[orchestratorv1.SchemeChange]string{
	orchestratorv1.SchemeChange_SCHEME_CHANGE_NONE:     "无变化 unchanged",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_NEW:      "新方案 new",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_REVISED:  "新版本 revised",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_ABSENT:   "不在文件中，保持不变 not in the file, stays as it is",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_REFUSED:  "拒绝 refused",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_RETURNED: "重新启用 returns, reads and sends again from its watermark on",
}

func printDiff(sh *shell, d *orchestratorv1.SchemeDiff) {
	revision := fmt.Sprint(d.GetNextRevision())
	if before := d.GetRevision(); before > 0 && before != d.GetNextRevision() {
		revision = fmt.Sprintf("%d → %s", before, revision)
	}
	sh.printf("%s  %s  版本 revision %s\n", d.GetScheme(), changeWords[d.GetChange()], revision)
	for _, part := range d.GetAdded() {
		sh.printf("  + %s %s  从应用时起 counts from the moment it is applied\n",
			partWords(part.GetKind()), part.GetName())
	}
	for _, r := range d.GetReturned() {
		sh.printf("    %s 停用于 away since %s；其间结束的 %d 张单据经它应取消 %d 笔，将暂停 %d bills that ended "+
			"meanwhile owe %d orders through it, which are held (part_was_away)\n", r.GetPart().GetName(),
			moment(r.GetAwaySince().AsTime()), r.GetBills(), r.GetOrders(), r.GetBills(), r.GetOrders())
	}
	if d.GetAwaySince() != nil {
		sh.printf("    方案停用于 retired since %s；其间结束的单据，其取消将暂停 what bills that ended meanwhile owe is held "+
			"(part_was_away)\n", moment(d.GetAwaySince().AsTime()))
	}
	for _, part := range d.GetRemoved() {
		sh.printf("  - %s %s  不再取消 owes nothing new any longer\n", partWords(part.GetKind()), part.GetName())
	}
	if keys := d.GetChangedKeys(); len(keys) > 0 {
		sh.printf("  改动 changed  %s\n", strings.Join(keys, ", "))
	}
	for _, change := range d.GetOrderChanges() {
		sh.printf("  映射 orders   %s\n", change)
	}
	if len(d.GetOrderChanges()) > 0 {
		fmt.Fprintln(sh.out, "           应用时须说明 to apply it, say: --orders corrected 以前有误，一并更正 (also stored "+
			"bills), or --orders from-now 自此生效 (orders that are there keep theirs)")
	}
	if d.GetRefusal() != "" {
		sh.printf("  原因 because  %s\n", d.GetRefusal())
	}
	if n := d.GetOpenCancellations(); n > 0 {
		sh.printf("  未了结 open    %d, 保持原决定 stay as they were decided\n", n)
	}
}

func partWords(kind string) string {
	switch rule.PartKind(kind) {
	case rule.PartTrigger:
		return "触发 trigger"
	case rule.PartOrganisation:
		return "组织 organisation"
	case rule.PartWarehouse:
		return "仓库 warehouse"
	case rule.PartOrderKind:
		return "种类 kind"
	}
	return kind
}
