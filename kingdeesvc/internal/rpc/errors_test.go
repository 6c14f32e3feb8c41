package rpc

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/bills"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/literal"
)

func fault(class kingdee.Class, code int, field string) error {
	return fmt.Errorf("query: %w", &kingdee.Fault{Class: class, Code: code, Field: field, Message: "文本"})
}

// Every reason that a caller can get, from the error it comes from, with its code and the metadata it promises.
func TestEveryReasonHasItsErrorCodeAndMetadata(t *testing.T) {
	type expectation struct {
		err    error
		code   codes.Code
		reason string
		meta   map[string]string
	}
	cases := []expectation{
		{
			&serve.InvalidRequest{Field: "ids", Text: "too many"}, codes.InvalidArgument,
			"REQUEST_INVALID", map[string]string{"field": "ids"},
		},
		{
			&bills.InvalidRequest{Field: "numbers", Reason: literal.ErrUnsafeText}, codes.InvalidArgument,
			"REQUEST_INVALID", map[string]string{"field": "numbers"},
		},
		{&bills.UnknownForm{FormID: "STK_Nope", Known: []string{"STK_AssembledApp"}}, codes.InvalidArgument,
			"FORM_UNKNOWN", map[string]string{"field": "form_id"}},
		{fault(kingdee.FieldUnknown, 9, "FNope"), codes.InvalidArgument, "FIELD_UNKNOWN", map[string]string{
			"field": "FNope", "vendor_code": "9", "vendor_message": "文本",
		}},
		{fault(kingdee.FormUnknown, 9,
			""), codes.InvalidArgument, "FORM_UNKNOWN", map[string]string{"vendor_code": "9", "vendor_message": "文本"}},
		{fault(kingdee.FilterInvalid, 8, ""), codes.InvalidArgument, "FILTER_INVALID", map[string]string{
			"field": "filter_string", "vendor_code": "8", "vendor_message": "文本",
		}},
		{&aboutBill{7, fault(kingdee.NotFound, 10, "")}, codes.NotFound, "BILL_NOT_FOUND", map[string]string{
			"bill_id": "7", "vendor_code": "10", "vendor_message": "文本",
		}},
		{&aboutBill{7, bills.ErrNotShown}, codes.PermissionDenied, "BILL_NOT_SHOWN", map[string]string{
			"bill_id": "7",
		}},
		{
			&aboutBill{7, &bills.Undecodable{Problem: &kingdeev1.BillProblem{Id: 7, Field: "FQty"}}},
			codes.FailedPrecondition, "BILL_UNDECODABLE", map[string]string{"bill_id": "7", "field": "FQty"},
		},
		{fault(kingdee.Permission, 2, ""), codes.PermissionDenied, "VENDOR_PERMISSION", map[string]string{
			"vendor_code": "2", "vendor_message": "文本",
		}},
		{fault(kingdee.LoginRefused, kingdee.NoCode,
			""), codes.FailedPrecondition, "LOGIN_REFUSED", map[string]string{"vendor_message": "文本"}},
		{fault(kingdee.AccountLocked, kingdee.NoCode,
			""), codes.FailedPrecondition, "ACCOUNT_LOCKED", map[string]string{"vendor_message": "文本"}},
		{fault(kingdee.SessionContended, kingdee.NoCode,
			""), codes.FailedPrecondition, "SESSION_CONTENDED", map[string]string{"vendor_message": "文本"}},
		{fault(kingdee.SessionLost, 1,
			""), codes.Unavailable, "SESSION_LOST", map[string]string{"vendor_code": "1", "vendor_message": "文本"}},
		{fault(kingdee.Throttled, 14, ""), codes.ResourceExhausted, "RATE_LIMITED", map[string]string{
			"vendor_code": "14", "vendor_message": "文本",
		}},
		{fault(kingdee.Unreachable, kingdee.NoCode,
			""), codes.Unavailable, "VENDOR_UNREACHABLE", map[string]string{"vendor_message": "文本"}},
		{fault(kingdee.Refused, 12, ""), codes.FailedPrecondition, "VENDOR_REFUSED", map[string]string{
			"vendor_code": "12", "vendor_message": "文本",
		}},
		{fault(kingdee.Busy, 4, ""), codes.FailedPrecondition, "VENDOR_REFUSED", map[string]string{
			"vendor_code": "4", "vendor_message": "文本",
		}},
		{fault(kingdee.Unreadable, kingdee.NoCode,
			""), codes.Unavailable, "ANSWER_UNREADABLE", map[string]string{"vendor_message": "文本"}},
		{errors.New("secret cause"), codes.Internal, "INTERNAL", nil},
		{status.Error(codes.DataLoss, "secret cause"), codes.Internal, "INTERNAL", nil},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "DEADLINE_EXCEEDED", nil},
		{status.Error(codes.DeadlineExceeded, "x"), codes.DeadlineExceeded, "DEADLINE_EXCEEDED", nil},
		{fmt.Errorf("x: %w", context.Canceled), codes.Canceled, "CALLER_GONE", nil},
		{status.Error(codes.Canceled, "x"), codes.Canceled, "CALLER_GONE", nil},
		{serve.ErrPanic, codes.Internal, "INTERNAL", nil},
		{access.ErrUnauthenticated, codes.Unauthenticated, "UNAUTHENTICATED", nil},
		{&access.HeldBackError{RetryAfter: 1}, codes.ResourceExhausted, "LOGINS_HELD_BACK", nil},
		{
			&access.Forbidden{Caller: access.Identity{Name: "li"}, Need: access.Need{Role: access.Viewer}},
			codes.PermissionDenied, "NOT_ALLOWED",
			map[string]string{"caller": "li", "role": "none", "needed": "viewer"},
		},
	}
	seen := map[string]bool{}
	for _, c := range cases {
		out, _ := toStatus(t.Context(), c.err)
		require.Equal(t, c.code, status.Code(out), "%v", c.err)
		info := apierr.Info(out, apierr.Kingdee)
		require.NotNil(t, info, "%v", c.err)
		require.Equal(t, c.reason, info.GetReason(), "%v", c.err)
		if c.meta == nil {
			c.meta = map[string]string{}
		}
		got := info.GetMetadata()
		if got == nil {
			got = map[string]string{}
		}
		require.Equal(t, c.meta, got, "%v", c.err)
		require.NotContains(t, out.Error(), "secret")
		seen[c.reason] = true
	}
	values := kingdeev1.ErrorReason(0).Descriptor().Values()
	for i := 1; i < values.Len(); i++ {
		reason := apierr.ReasonName(kingdeev1.ErrorReason(values.Get(i).Number()))
		require.True(t, seen[reason], "no error leads to %s", reason)
	}
}

func TestRetryAfterIsPassedOn(t *testing.T) {
	out, _ := toStatus(t.Context(),
		&kingdee.Fault{Class: kingdee.LoginRefused, Code: kingdee.NoCode, RetryAfter: time.Minute})
	require.Equal(t, time.Minute, apierr.RetryAfter(out))
	out, _ = toStatus(t.Context(), fault(kingdee.Busy, 13, ""))
	require.Equal(t, busyPause, apierr.RetryAfter(out))
}

func TestPagesAreCutBySizeAndKeepTheirCounts(t *testing.T) {
	big := make([]byte, 400_000)
	for i := range big {
		big[i] = 'x'
	}
	bill := func(id int64, size int) *kingdeev1.Bill {
		return &kingdeev1.Bill{Id: id, Rows: 2, Note: string(big[:size])}
	}
	all := parts([]*kingdeev1.Bill{bill(1, 400_000), bill(3, 400_000), bill(5, 400_000), bill(7, 10)},
		[]*kingdeev1.BillProblem{{Id: 0, Rows: 1}, {Id: 4, Rows: 3}})
	var ids [][]int64
	var rows []int64
	for _, run := range cut(all) {
		page := billPage(run, time.Unix(1, 0))
		rows = append(rows, page.GetRows())
		var one []int64
		for _, p := range run {
			one = append(one, p.GetId())
			require.LessOrEqual(t, p.GetId(), page.GetLastId())
		}
		ids = append(ids, one)
	}
	require.Equal(t, [][]int64{{0, 1, 3, 4}, {5, 7}}, ids)
	require.Equal(t, []int64{8, 4}, rows)
	require.Empty(t, cut(nil))
}
