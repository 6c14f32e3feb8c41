package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// watchAgain is how long a watch waits that lost its orchestrator.
const watchAgain = 2 * time.Second

// eventQuery is what the command line selects.
type eventQuery struct {
	scheme, bill, since string
	kinds               []orchestratorv1.EventKind
	limit               int32
}

func (sh *shell) eventsCommand() *cobra.Command {
	var q eventQuery
	var kinds []string
	var follow bool
	cmd := &cobra.Command{
		Use:     "events [SCHEME]",
		Short:   "事件，新的在后 what changed, the newest last; --follow goes on",
		GroupID: groupAsk,
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&follow, "follow", false, "持续显示 show events as they come, until Ctrl-C")
	cmd.Flags().StringVar(&q.since, "since-token", "", "续读位置 begin behind this token; each line of --json bears one")
	cmd.Flags().StringVar(&q.bill, "bill", "", "bill number")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "种类 "+strings.Join(eventKinds(), ", ")+"; left out: all")
	cmd.Flags().Int32Var(&q.limit, "limit", 50, "at most so many of the past, up to 500")
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if q.kinds, err = wordsOf[orchestratorv1.EventKind]("--kind", "EVENT_KIND_",
			orchestratorv1.EventKind_value, kinds); err != nil {
			return err
		}
		if len(args) == 1 {
			q.scheme = args[0]
		}
		q.bill = strings.TrimSpace(q.bill)
		token, err := r.pastEvents(ctx, client, q)
		if err != nil || !follow {
			return err
		}
		if shown, ok := r.sh.out.(*zoned); ok {
			shown.say() // it may not end
		}
		return r.followEvents(ctx, client, q, token)
	})
}

// pastEvents prints what there is behind the token, or else the newest of all, and answers where to go on.
func (r *remote) pastEvents(ctx context.Context, client *install.Client, q eventQuery) (token string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	answer, err := client.Events.ListEvents(ctx, &orchestratorv1.ListEventsRequest{
		Scheme: q.scheme, Kinds: q.kinds, BillNo: q.bill, SinceToken: q.since, NewestFirst: q.since == "",
		PageSize: q.limit,
	})
	if err != nil {
		return "", err
	}
	if q.since == "" {
		slices.Reverse(answer.GetEvents())
	}
	r.printEvents(answer.GetEvents())
	if answer.GetNextPageToken() != "" && !r.machine() {
		fmt.Fprintln(r.sh.err, "… 还有更多 there are more: --limit, --since-token, or narrow with --kind, --bill")
	}
	if !r.machine() {
		fmt.Fprintf(r.sh.err, "续读位置 token %s\n", answer.GetToken())
	}
	return answer.GetToken(), nil
}

// followEvents prints events as they come. Where an orchestrator stops or goes away it goes on behind what was printed.
func (r *remote) followEvents(ctx context.Context, client *install.Client, q eventQuery, token string) error {
	for {
		err := r.watchEvents(ctx, client, q, &token)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && status.Code(err) != codes.Unavailable {
			return err
		}
		select {
		case <-time.After(watchAgain):
		case <-ctx.Done():
			return nil
		}
	}
}

// watchEvents prints what one watch brings, and moves the token along.
func (r *remote) watchEvents(ctx context.Context, client *install.Client, q eventQuery, token *string) error {
	watch, err := client.Events.WatchEvents(ctx, &orchestratorv1.WatchEventsRequest{
		Scheme: q.scheme, Kinds: q.kinds, BillNo: q.bill, SinceToken: *token,
	})
	for err == nil {
		var page *orchestratorv1.WatchEventsResponse
		if page, err = watch.Recv(); err == nil {
			r.printEvents(page.GetEvents())
			*token = page.GetToken()
		}
	}
	if err == io.EOF { //nolint:errorlint // as gRPC has it
		return nil
	}
	return err
}

// printEvents prints a line for each event; as JSON, one object a line, and as YAML, one document.
func (r *remote) printEvents(events []*orchestratorv1.Event) {
	if r.form == formCSV {
		head, rows := tableOf(&orchestratorv1.ListEventsResponse{Events: events})
		if r.headed {
			r.sh.printRows(rows)
		} else {
			r.sh.printCSV(head, rows)
		}
		r.headed = true
		return
	}
	for _, e := range events {
		switch r.form {
		case formJSON:
			line, _ := replies.Marshal(e) // a message of ours is always JSON
			fmt.Fprintln(r.sh.out, string(line))
			continue
		case formYAML:
			fmt.Fprint(r.sh.out, "---\n"+yamlOf(e))
			continue
		}
		about := e.GetScheme()
		for _, part := range []string{e.GetBillNo(), eventSubject(e), eventWords(e), e.GetActor(), e.GetDetail()} {
			if part != "" {
				about += "  " + part
			}
		}
		r.sh.printf("%s  %s  %s\n", moment(e.GetCreateTime().AsTime()), eventKindWords(e.GetKind()),
			strings.TrimSpace(about))
	}
}

// eventSubject is what an event without a bill is about.
func eventSubject(e *orchestratorv1.Event) string {
	switch {
	case e.GetRunId() != 0:
		return "读取任务 run " + strconv.FormatInt(e.GetRunId(), 10)
	case e.GetRevision() != 0:
		return "版本 revision " + strconv.Itoa(int(e.GetRevision()))
	case e.GetConditionId() != 0:
		return "状况 condition " + strconv.FormatInt(e.GetConditionId(), 10)
	case e.GetWorkItemId() != 0:
		return "待办 work item " + strconv.FormatInt(e.GetWorkItemId(), 10)
	}
	return ""
}

// eventWords are the state and the reason of an event, as codes.
func eventWords(e *orchestratorv1.Event) string {
	words := e.GetReason()
	switch e.GetKind() {
	case orchestratorv1.EventKind_EVENT_KIND_CANCELLATION_SETTLED:
		words = strings.TrimSuffix(stateOfWord(e.GetState())+"："+e.GetReason(), "：")
	case orchestratorv1.EventKind_EVENT_KIND_RUN_ENDED:
		words = e.GetReason() + " " + e.GetState()
	}
	return words
}

// stateOfWord is a state of a cancellation in words.
func stateOfWord(word string) string {
	state, ok := orchestratorv1.CancellationState_value["CANCELLATION_STATE_"+strings.ToUpper(word)]
	if !ok {
		return word
	}
	return stateWords(orchestratorv1.CancellationState(state))
}

// eventKinds are the names of all kinds, as the command line takes them.
func eventKinds() []string {
	names := make([]string, 0, len(orchestratorv1.EventKind_name))
	for n := int32(1); orchestratorv1.EventKind_name[n] != ""; n++ {
		names = append(names, strings.ToLower(strings.TrimPrefix(orchestratorv1.EventKind_name[n], "EVENT_KIND_")))
	}
	return names
}

func eventKindWords(kind orchestratorv1.EventKind) string {
	switch kind {
	case orchestratorv1.EventKind_EVENT_KIND_CANCELLATION_SETTLED:
		return "取消了结 settled"
	case orchestratorv1.EventKind_EVENT_KIND_CANCELLATION_NEEDS_ATTENTION:
		return "转待人工 needs_attention"
	case orchestratorv1.EventKind_EVENT_KIND_CANCELLATION_HELD:
		return "转待放行 held"
	case orchestratorv1.EventKind_EVENT_KIND_CANCELLATION_RELEASED:
		return "放行 released"
	case orchestratorv1.EventKind_EVENT_KIND_WORK_ITEM_OPENED:
		return "待办产生 work item opened"
	case orchestratorv1.EventKind_EVENT_KIND_WORK_ITEM_CLOSED:
		return "待办关闭 work item closed"
	case orchestratorv1.EventKind_EVENT_KIND_CONDITION_OPENED:
		return "状况出现 condition opened"
	case orchestratorv1.EventKind_EVENT_KIND_CONDITION_CLOSED:
		return "状况结束 condition closed"
	case orchestratorv1.EventKind_EVENT_KIND_RUN_ENDED:
		return "读取结束 run ended"
	case orchestratorv1.EventKind_EVENT_KIND_ACT:
		return "人工操作 act"
	case orchestratorv1.EventKind_EVENT_KIND_SCHEME_REVISED:
		return "方案新版本 scheme revised"
	}
	return kind.String()
}
