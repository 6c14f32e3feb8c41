package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// TestEveryReasonIsSentAsTheContractSays walks every value of ErrorReason: the error that leads to it, its code, and
// the keys of its metadata.
func TestEveryReasonIsSentAsTheContractSays(t *testing.T) {
	broken := serve.Invalid(protovalidate.Validate(&orchestratorv1.GetSchemeRequest{}))
	contract := []struct {
		reason string
		err    error
		code   codes.Code
		keys   []string
		ours   bool
	}{
		{"REQUEST_INVALID", broken, codes.InvalidArgument, []string{"field"}, false},
		{
			"REQUEST_INVALID", &serve.InvalidRequest{Field: "bill_no", Text: "must not contain NUL"},
			codes.InvalidArgument, []string{"field"}, false,
		},
		{"PAGE_TOKEN_INVALID", errPageToken, codes.InvalidArgument, []string{"field"}, false},
		{"SCHEME_NOT_FOUND", about(ledger.ErrNotFound, "scheme", "a"), codes.NotFound, []string{"scheme"}, false},
		{"RUN_NOT_FOUND", about(ledger.ErrNotFound, "run_id", "1"), codes.NotFound, []string{"run_id"}, false},
		{
			"CANCELLATION_NOT_FOUND", about(ledger.ErrNotFound, "cancellation_id", "1"), codes.NotFound,
			[]string{"cancellation_id"}, false,
		},
		{"BILL_NOT_FOUND", about(ledger.ErrNotFound, "bill_no", "1"), codes.NotFound, []string{"bill_no"}, false},
		{
			"SCHEME_STOPPED", &schemeStopped{"a", "b"}, codes.FailedPrecondition,
			[]string{"scheme", "stop_reason"}, false,
		},
		{
			"SCHEME_STOPPED", about(fmt.Errorf("x: %w", ledger.ErrStopped), "scheme", "a"), codes.FailedPrecondition,
			[]string{"scheme"}, false,
		},
		{
			"SEND_REFUSED", &sendRefused{"a", errors.New("no examples")}, codes.FailedPrecondition,
			[]string{"scheme"}, false,
		},
		{
			"REQUEST_ID_REUSED", about(ledger.ErrRequestIDReused, "request_id", "r"), codes.AlreadyExists,
			[]string{"request_id"}, false,
		},
		{
			"REQUEST_UNDER_WAY", about(ledger.ErrFirstCallRuns, "request_id", "r"), codes.Aborted,
			[]string{"request_id"}, false,
		},
		{
			"ANSWER_TEXT_NOT_FOUND", &ledger.TextError{Fault: ledger.TextNotMet, Field: "text"}, codes.NotFound,
			[]string{"field"}, false,
		},
		{
			"ANSWER_TEXT_CLASSIFIED", &ledger.TextError{Fault: ledger.TextClassified, Field: "disposition"},
			codes.FailedPrecondition, []string{"classified_by", "disposition", "field"}, false,
		},
		{
			"REQUEST_INVALID", &ledger.TextError{Fault: ledger.TextFailed, Field: "disposition"}, codes.InvalidArgument,
			[]string{"field"}, false,
		},
		{
			"RUN_KIND_UNFIT", &ledger.KindError{ID: 1, Kind: ledger.Recheck}, codes.FailedPrecondition,
			[]string{"kind", "run_id"}, false,
		},
		{"REVISION_NOT_FOUND", about(ledger.ErrNotFound, "revision", "1"), codes.NotFound, []string{"revision"}, false},
		{
			"REVISION_MOVED", &ledger.RevisionError{Scheme: "a", Seen: 1, Newest: 2}, codes.Aborted,
			[]string{"revision", "scheme"}, false,
		},
		{
			"SCHEME_REFUSED", &ledger.RefusedError{Scheme: "a", Why: "another data centre"}, codes.FailedPrecondition,
			[]string{"scheme"}, false,
		},
		{
			"ORDERS_UNSAID", &ledger.UnsaidError{Scheme: "a", Changes: []string{"CK001 code W1 → W2"}},
			codes.FailedPrecondition, []string{"scheme"}, false,
		},
		{"DRAFT_NOT_FOUND", about(ledger.ErrNotFound, "draft", "a"), codes.NotFound, []string{"draft"}, false},
		{
			"DRAFT_MOVED", about(&ledger.DraftError{Version: 2, Actor: "li"}, "scheme", "a"), codes.Aborted,
			[]string{"actor", "scheme", "version"}, false,
		},
		{
			"SCHEME_INVALID", &schemeInvalid{errors.New("line 1: no name")}, codes.InvalidArgument,
			[]string{"field"}, false,
		},
		{
			"TOO_MANY", about(&ledger.CapError{Count: 200, Max: 100}, "scheme", "a"), codes.FailedPrecondition,
			[]string{"count", "max_count"}, false,
		},
		{
			"SELECTION_CHANGED", about(&ledger.ChangedError{Count: 2}, "scheme", "a"), codes.FailedPrecondition,
			[]string{"count"}, false,
		},
		{
			"RUN_STATE_UNFIT", &ledger.StateError{ID: 1, State: ledger.RunComplete}, codes.FailedPrecondition,
			[]string{"run_id", "state"}, false,
		},
		{
			"WATERMARK_REFUSED", about(&ledger.WatermarkError{Why: "a run is under way"}, "scheme", "a"),
			codes.FailedPrecondition, []string{"scheme"}, false,
		},
		{"EVENT_TOKEN_INVALID", event.ErrToken, codes.InvalidArgument, []string{"field"}, false},
		{
			"EVENT_TOKEN_STALE", fmt.Errorf("x: %w", &event.StaleError{}), codes.OutOfRange,
			[]string{"newest_token", "oldest_token"}, false,
		},
		{"TOO_MANY_WATCHES", &event.TooManyError{}, codes.ResourceExhausted, []string{"max_count"}, false},
		{
			"STORE_UNAVAILABLE", fmt.Errorf("x: %w: secret", ledger.ErrUnavailable), codes.Unavailable,
			[]string{"condition"}, true,
		},
		{
			"STORE_UNAVAILABLE", fmt.Errorf("x: %w: secret", ledger.FaultOf(ledger.ErrWentBack)), codes.Unavailable,
			[]string{"condition"}, true,
		},
		{"LEDGER_NOT_BEHIND", errNotBehind, codes.FailedPrecondition, nil, false},
		{"INTERNAL", errors.New("secret"), codes.Internal, nil, true},
		{"INTERNAL", serve.ErrPanic, codes.Internal, nil, true},
		{"INTERNAL", ledger.ErrNotFound, codes.Internal, nil, true},
		{"DEADLINE_EXCEEDED", fmt.Errorf("x: %w", context.DeadlineExceeded), codes.DeadlineExceeded, nil, false},
		{"CALLER_GONE", fmt.Errorf("x: %w", context.Canceled), codes.Canceled, nil, false},
		{"UNAUTHENTICATED", access.ErrUnauthenticated, codes.Unauthenticated, nil, false},
		{
			"KINGDEE_UNREAD", about(&KingdeeError{Cause: context.DeadlineExceeded}, "scheme", "a"), codes.Unavailable,
			[]string{"kingdee_reason", "scheme"}, false,
		},
		{"LOGINS_HELD_BACK", &access.HeldBackError{RetryAfter: 1}, codes.ResourceExhausted, nil, false},
		{
			"NOT_ALLOWED", &access.Forbidden{Caller: access.Identity{Name: "li", Role: access.Viewer}},
			codes.PermissionDenied, []string{"caller", "needed", "role"}, false,
		},
	}
	seen := map[string]bool{}
	for _, c := range contract {
		sent, ours := wire(c.err)
		info := apierr.Info(sent.Err(), apierr.Orchestrator)
		require.NotNil(t, info, c.reason)
		require.Equal(t, c.reason, info.GetReason(), "%v", c.err)
		require.Equal(t, c.code, sent.Code, c.reason)
		require.Equal(t, c.ours, ours, c.reason)
		require.Equal(t, c.keys, slices.Sorted(maps.Keys(info.GetMetadata())), c.reason)
		require.NotContains(t, sent.Message, "secret")
		require.NotEmpty(t, sent.Message)
		seen[c.reason] = true
	}
	for number := range orchestratorv1.ErrorReason_name {
		switch orchestratorv1.ErrorReason(number) {
		case orchestratorv1.ErrorReason_ERROR_REASON_UNSPECIFIED,
			orchestratorv1.ErrorReason_ERROR_REASON_TOO_MANY_CALLS: // the gateway's own, and tested there
		default:
			name := apierr.ReasonName(orchestratorv1.ErrorReason(number))
			require.True(t, seen[name], "no error is sent as %s", name)
		}
	}
}

// TestTheDocumentNamesEveryReason holds docs/errors.md against the three contracts, both ways.
func TestTheDocumentNamesEveryReason(t *testing.T) {
	content, err := os.ReadFile("../../../docs/errors.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|")
	for domain, names := range map[string]map[int32]string{
		apierr.Orchestrator: orchestratorv1.ErrorReason_name, apierr.Kingdee: kingdeev1.ErrorReason_name,
		apierr.WMS: wmsv1.ErrorReason_name,
	} {
		_, section, found := strings.Cut(string(content), "\n## "+domain+"\n")
		require.True(t, found, domain)
		section, _, _ = strings.Cut(section, "\n## ")
		var documented, contracted []string
		for _, match := range row.FindAllStringSubmatch(section, -1) {
			documented = append(documented, match[1])
		}
		for number, name := range names {
			if number != 0 {
				contracted = append(contracted, strings.TrimPrefix(name, "ERROR_REASON_"))
			}
		}
		require.ElementsMatch(t, contracted, documented, domain)
	}
}
