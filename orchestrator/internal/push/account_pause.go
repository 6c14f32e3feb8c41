package push

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// PauseAccount stops sending to a WMS account that is refused, for its credentials or (kind WorkClock) for the clock,
// and tells a person through the scheme that met it; it is probed after wait. It says whether it was this call that
// did: one that is paused already stays as it is.
func (s *AccountPauses) PauseAccount(
	ctx context.Context, scheme, account string, kind rule.WorkKind, detail string, wait time.Duration,
) (paused bool, err error) {
	err = ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
insert into account_pause (account, detail, probe_time) values ($1, $2, now() + $3::interval) on conflict do nothing`,
			account, ledger.CleanText(detail), wait)
		if err != nil {
			return err
		}
		if paused = tag.RowsAffected() > 0; !paused {
			return nil
		}
		return ledger.OpenWorkItems(ctx, tx, scheme, []ledger.Work{{Kind: kind, Subject: account, Detail: detail}})
	})
	if err != nil {
		return false, fmt.Errorf("pause account: %w", err)
	}
	return paused, nil
}

// TakeProbes answers the paused accounts that are due to be probed, and makes them due again after wait: whoever takes
// one probes it.
func (s *AccountPauses) TakeProbes(ctx context.Context, wait time.Duration) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
update account_pause set probe_time = now() + $1::interval where probe_time <= now() returning account`, wait)
	if err != nil {
		return nil, fmt.Errorf("take probes: %w", err)
	}
	accounts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("take probes: %w", err)
	}
	return accounts, nil
}

// EndAccountPause lets requests to an account go out again, and closes the work item about it.
func (s *AccountPauses) EndAccountPause(ctx context.Context, account string) error {
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from account_pause where account = $1`, account)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if err := ledger.ForgetUnsentOf(ctx, tx, `select scheme from scheme where $1 = `+
			`any(wms_accounts)`, account); err != nil {
			return err
		}
		return ledger.CloseWorkItems(ctx, tx,
			"the WMS accepts the account again", `w.kind in (@auth, @clock) and w.subject = @account`,
			pgx.StrictNamedArgs{"auth": string(rule.WorkAuth), "clock": string(rule.WorkClock), "account": account})
	})
	if err != nil {
		return fmt.Errorf("end pause of account: %w", err)
	}
	return nil
}

// AskAboutRefused gives a person cancellations whose own request is refused as not allowed, by an account that is
// accepted otherwise. Each stands for the attempt that was refused: what was tried or decided since is left alone.
func (s *AccountPauses) AskAboutRefused(ctx context.Context, refused []ledger.Result) error {
	if len(refused) == 0 {
		return nil
	}
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error { return ledger.AskAboutRefused(ctx, tx, refused) })
	if err != nil {
		return fmt.Errorf("give a person what is not allowed: %w", err)
	}
	return nil
}
