package query

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// AttemptViews answers the requests made for a cancellation, in order, with their evidence as far as it is still kept.
func (r *Reader) AttemptViews(ctx context.Context, cancellation int64) ([]ledger.AttemptView, error) {
	type row struct {
		Attempt                                       int32
		IntentTime, SendBefore, SendTime, ResultTime  time.Time
		Disposition                                   string
		Recognised                                    bool
		VendorFlag, VendorCode, VendorMessage, Detail string
		Request, Reply                                []byte
	}
	rows, err := ledger.ReadAll[row](ctx, r.pool, "read attempts", `
select a.attempt, a.intent_time, a.send_before, a.send_time, a.result_time, a.disposition, a.recognised, a.vendor_flag,
       a.vendor_code,
       a.vendor_message, a.detail, e.request, e.reply
from attempt a
left join lateral (
    select e.request, e.reply
    from attempt_evidence e
    where e.cancellation_id = a.cancellation_id and e.attempt = a.attempt
    order by e.store_time desc
    limit 1
) e on true
where a.cancellation_id = @id
order by a.attempt`, pgx.StrictNamedArgs{"id": cancellation})
	if err != nil {
		return nil, err
	}
	views := make([]ledger.AttemptView, len(rows))
	for i, r := range rows {
		views[i] = ledger.AttemptView{
			Attempt: r.Attempt, IntentTime: r.IntentTime, SendBefore: r.SendBefore, SendTime: r.SendTime,
			ResultTime: r.ResultTime, Disposition: r.Disposition, Recognised: r.Recognised, VendorFlag: r.VendorFlag,
			VendorCode: r.VendorCode, VendorMessage: r.VendorMessage, Detail: r.Detail,
			Request: ledger.CleanText(string(r.Request)), Reply: ledger.CleanText(string(r.Reply)),
		}
	}
	return views, nil
}
