package query

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// ActionViews lists what persons did, newest first, at most limit, those older than before (0 = from the newest).
func (r *Reader) ActionViews(
	ctx context.Context, f ledger.ActionFilter, before int64, limit int,
) ([]ledger.ActionView, error) {
	where, args := Newest("o.operator_action_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and o.scheme = @scheme`, f.Scheme
	}
	if f.CancellationID != 0 {
		where += ` and o.operator_action_id in (select operator_action_id from operator_action_cancellation where ` +
			`cancellation_id = @cancellation)`
		args["cancellation"] = f.CancellationID
	}
	if f.RequestID != "" {
		where, args["request_id"] = where+` and o.request_id = @request_id`, f.RequestID
	}
	if f.Actor != "" {
		where, args["actor"] = where+` and o.actor = @actor`, f.Actor
	}
	return ledger.ReadAll[ledger.ActionView](ctx, r.pool, "list operator actions", `
select o.operator_action_id as action_id, o.actor, o.verb, coalesce(o.scheme, '') as scheme, o.reason,
       o.parameters::text, o.result::text, o.create_time, coalesce(o.request_id, '') as request_id,
       coalesce((o.result->>'count')::bigint, (
           select count(*) from operator_action_cancellation l where l.operator_action_id = o.operator_action_id
       )) as count
from operator_action o`+where+`
order by o.operator_action_id desc
limit @limit`, args)
}

// maxCalls bounds how many calls one request id may answer, and how many acts.
const maxCalls = 100

// CallViews answers the calls that changed something under a request id, newest first, at most 100, of one caller or,
// empty, of all; each with its acts. The reply and the acts of a call are of one transaction, and so of one time.
func (r *Reader) CallViews(ctx context.Context, requestID, caller string) ([]ledger.CallView, error) {
	calls, err := ledger.ReadAll[ledger.CallView](ctx, r.pool, "find calls", `
select f.caller, f.method, f.request_id, f.reply_time, f.reply
from first_reply f
where f.request_id = @request_id and (@caller = '' or f.caller = @caller)
order by f.reply_time desc, f.caller, f.method
limit @limit`, pgx.StrictNamedArgs{"request_id": requestID, "caller": caller, "limit": maxCalls})
	if err != nil {
		return nil, err
	}
	actions, err := r.ActionViews(ctx, ledger.ActionFilter{RequestID: requestID, Actor: caller}, 0, maxCalls)
	if err != nil {
		return nil, err
	}
	for _, a := range actions {
		at := slices.IndexFunc(calls, func(c ledger.CallView) bool {
			return c.Caller == a.Actor && c.ReplyTime.Equal(a.CreateTime)
		})
		if at < 0 {
			at = len(calls)
			calls = append(calls, ledger.CallView{Caller: a.Actor, RequestID: requestID, ReplyTime: a.CreateTime})
		}
		calls[at].Actions = append(calls[at].Actions, a)
	}
	slices.SortStableFunc(calls, func(a, b ledger.CallView) int { return b.ReplyTime.Compare(a.ReplyTime) })
	return calls, nil
}
