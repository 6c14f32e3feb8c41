package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// completeWithin is how long a completion may take that asks an orchestrator; a shell waits for it.
const completeWithin = 2 * time.Second

// completions lets a shell complete what commands take: schemes, states, kinds, conditions and forms of output.
func (sh *shell) completions(cmd *cobra.Command) {
	if strings.Contains(cmd.Use, "SCHEME") && cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = sh.completeScheme
	}
	if strings.HasPrefix(cmd.Use, "mode ") {
		cmd.ValidArgsFunction = sh.completeMode
	}
	for name, complete := range sh.completers(cmd) {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, complete) // it fails for a flag that there is not
		}
	}
	for _, below := range cmd.Commands() {
		sh.completions(below)
	}
}

func (sh *shell) completeMode(cmd *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(given) == 1 {
		return fixed("dry_run", "send")(cmd, given, begun)
	}
	return sh.completeScheme(cmd, given, begun)
}

// completers are by flag; what a kind or a state is goes by the command.
func (sh *shell) completers(cmd *cobra.Command) map[string]cobra.CompletionFunc {
	path := strings.TrimPrefix(cmd.CommandPath(), "voidrelay ")
	states := enumWords(orchestratorv1.CancellationState(0).Descriptor())
	kinds := workKinds()
	switch {
	case strings.HasPrefix(path, "runs"):
		states = enumWords(orchestratorv1.RunState(0).Descriptor())
		kinds = enumWords(orchestratorv1.RunKind(0).Descriptor())
	case strings.HasPrefix(path, "backfill"):
		states = enumWords(orchestratorv1.BackfillItemState(0).Descriptor())
	case path == "events":
		kinds = eventKinds()
	case path == "conditions":
		kinds = conditionKinds()
	}
	return map[string]cobra.CompletionFunc{
		"scheme": sh.completeScheme, "output": fixed(forms...), "state": fixed(states...), "kind": fixed(kinds...),
		"disposition": fixed("cancelled", "already_cancelled", "in_progress", "too_late", "not_found", "rejected",
			"auth", "throttled", "not_sent", "unknown"),
		"orders": fixed("corrected", "from-now"),
		"lang":   fixed("zh", "en", "both"), "role": fixed("viewer", "operator", "admin"),
	}
}

func fixed(words ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// conditionKinds are the kinds of conditions.
func conditionKinds() []string {
	kinds := map[string]bool{}
	for _, row := range rule.ConditionRows() {
		kinds[string(row.Kind)] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

// enumWords are the values of an enum as the command line takes them.
func enumWords(d protoreflect.EnumDescriptor) []string {
	var words []string
	prefix := ""
	for i := range d.Values().Len() {
		name := string(d.Values().Get(i).Name())
		if i == 0 {
			prefix = strings.TrimSuffix(name, "UNSPECIFIED")
			continue
		}
		words = append(words, strings.ToLower(strings.TrimPrefix(name, prefix)))
	}
	return words
}

// completeScheme asks the orchestrator for its schemes; one that does not answer at once completes nothing.
func (sh *shell) completeScheme(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	const nothing = cobra.ShellCompDirectiveNoFileComp
	if len(given) > 0 && !strings.Contains(cmd.Use, "SCHEME …") {
		return nil, nothing
	}
	r := &remote{sh: sh, server: sh.target()}
	if flag := cmd.Flags().Lookup("server"); flag != nil {
		r.server = flag.Value.String()
	}
	client, err := r.dial()
	if err != nil {
		return nil, nothing
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), completeWithin)
	defer cancel()
	var request orchestratorv1.ListSchemesRequest
	answer, err := paged(0, &request, func() (*orchestratorv1.ListSchemesResponse, error) {
		return client.Schemes.ListSchemes(ctx, &request)
	})
	if err != nil {
		return nil, nothing
	}
	var names []string
	for _, s := range answer.GetSchemes() {
		names = append(names, s.GetScheme()+"\t"+s.GetTitle())
	}
	return names, nothing
}

// ofKinds leaves those of a list that are of the named kinds, or all where none are named.
func ofKinds[T interface{ GetKind() string }](all []T, named, known []string) ([]T, error) {
	for _, kind := range named {
		if !slices.Contains(known, kind) {
			return nil, fmt.Errorf("%w: --kind: there is no %q; those that are: %s", errWrong, kind,
				strings.Join(known, ", "))
		}
	}
	if len(named) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(one T) bool { return !slices.Contains(named, one.GetKind()) }), nil
}

// workKinds are the kinds of work items.
func workKinds() []string {
	return []string{
		"answer_unrecognised", "before_cutover", "bill_undecodable", "bill_unread", "bill_without_lines",
		"claim_unconfirmed", "in_progress_too_long", "line_without_warehouse", "many_deleted", "many_inferred",
		"no_event_time", "not_in_scheme", "number_reuse_unsaid", "old_order_cancelled", "order_claimed",
		"order_not_found",
		"order_vanished", "outcome_unknown", "part_was_away", "rejected", "request_refused", "resting_orders",
		"restored_after_cancel", "runs_miss_changes", "stamp_ahead", "too_late", "trigger_off",
		"warehouse_not_mapped", "wms_auth_order",
	}
}
