package operate

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

type modeParameters struct {
	Mode string `json:"mode"`
}

// SetMode sets a scheme to dry run (send false) or send, and answers how many cancellations ended as dry_run by it.
// Going to send is a new cutover: every cancellation that cannot have reached the WMS yet ends as dry_run, and with it
// the work items about it; one that may have stays open, because what it came to must be found out. What was doubted
// until then is not asked about: nobody had sent for it. Setting the mode
// that a scheme has already changes nothing. Whether a scheme may send is the caller's question.
func (s *Operator) SetMode(ctx context.Context, tx pgx.Tx, act ledger.Act, send bool) (dryRun int64, err error) {
	present, err := lockAlone(ctx, tx, act.Scheme)
	if err != nil {
		return 0, err
	}
	wanted := "dry_run"
	if send {
		wanted = "send"
	}
	if present != wanted {
		if dryRun, err = setMode(ctx, tx, act.Scheme, send); err != nil {
			return 0, err
		}
	}
	_, err = record(ctx, tx, ledger.SetMode, act, modeParameters{wanted}, counted{dryRun})
	return dryRun, err
}

// DryRunNumbers are the numbers of the bills of a scheme of which a cancellation of their present generation was only
// decided in dry run.
func (s *Operator) DryRunNumbers(ctx context.Context, tx pgx.Tx, scheme string) ([]string, error) {
	rows, err := tx.Query(ctx, `
select distinct c.bill_no
from outcome o
join cancellation c using (cancellation_id)
join bill b on b.scheme = c.scheme and b.bill_id = c.bill_id and b.generation = c.generation
where o.scheme = $1 and o.state = 'dry_run' and o.revoke_time is null and c.bill_no <> ''
order by c.bill_no`, scheme)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func setMode(ctx context.Context, tx pgx.Tx, scheme string, send bool) (dryRun int64, err error) {
	if !send {
		_, err := tx.Exec(ctx, `update scheme set mode = 'dry_run', update_time = now() where scheme = $1`, scheme)
		return 0, err
	}
	if _, err := tx.Exec(ctx, `
update scheme set mode = 'send', send_since = now(), safety_limit_reset_time = now(), update_time = now()
where scheme = $1`, scheme); err != nil {
		return 0, err
	}
	if err := ledger.ForgetUnsent(ctx, tx, scheme); err != nil {
		return 0, err
	}
	if err := ledger.ForgetDoubts(ctx, tx, scheme); err != nil {
		return 0, err
	}
	return endAsDryRun(ctx, tx, scheme)
}

// endAsDryRun ends the scheme's cancellations that cannot have reached the WMS as dry_run, and closes their work items.
func endAsDryRun(ctx context.Context, tx pgx.Tx, scheme string) (int64, error) {
	ended, err := ledger.EndUnsentAsDryRun(ctx, tx, scheme)
	if err != nil {
		return 0, err
	}
	if err := ledger.CloseWorkItems(ctx, tx, "dry_run", `w.cancellation_id = `+
		`any(@ended)`, pgx.StrictNamedArgs{"ended": ended}); err != nil {
		return 0, err
	}
	if err := intake.CloseHolds(ctx, tx, scheme, "dry_run"); err != nil {
		return 0, err
	}
	return int64(len(ended)), intake.EndSafetyLimits(ctx, tx, scheme, "dry_run")
}
