package push

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// hostCannot is true of an account c that the host @host cannot send to: its adapter is away, or lacks the account.
const hostCannot = `(@host <> '' and exists (
    select from condition o
    where o.end_time is null and o.host = @host and o.blocks_sending and o.account in ('', c.account)))`

// HostMaySend says whether a host can send to an account, as things are now.
func (s *Rows) HostMaySend(ctx context.Context, host, account string) (bool, error) {
	var may bool
	err := s.pool.QueryRow(ctx, `select not `+hostCannot+` from (select @account::text as account) c`,
		pgx.StrictNamedArgs{"host": host, "account": account}).Scan(&may)
	if err != nil {
		return false, fmt.Errorf("look whether this host can send: %w", err)
	}
	return may, nil
}

// ForgetSilence lets what came to nothing at an account be tried again soon, now that the WMS answers. away: it had
// answered nobody, and what was asked meanwhile and got no answer counts for nobody.
func (s *Rows) ForgetSilence(ctx context.Context, account string, away bool) error {
	_, err := s.pool.Exec(ctx, `
update unsettled_cancellation c
set due_time = least(c.due_time, now() + random() * interval '2 seconds'),
    same_disposition = case when @away and c.same_disposition = 'unknown' then '' else c.same_disposition end,
    same_count = case when @away and c.same_disposition = 'unknown' then 0 else c.same_count end,
    same_since = case when @away and c.same_disposition = 'unknown' then null else c.same_since end,
    update_time = now()
where c.account = @account and c.state = 'open' and c.lease_until is null
  and (c.disposition in ('throttled', 'not_sent') or @away and c.disposition = 'unknown')`,
		pgx.StrictNamedArgs{"account": account, "away": away})
	if err != nil {
		return fmt.Errorf("forget the silence of a WMS account: %w", err)
	}
	return nil
}

// MaySend says whether requests may be sent for a scheme to an account, as things are now.
func (s *Rows) MaySend(ctx context.Context, scheme, account string) (bool, error) {
	var may bool
	err := s.pool.QueryRow(ctx, `
select exists (select from scheme s cross join (select $2::text as account) c
    where s.scheme = $1 and `+ledger.MaySend+`)`,
		scheme, account).Scan(&may)
	if err != nil {
		return false, fmt.Errorf("look whether sending is allowed: %w", err)
	}
	return may, nil
}

// OwnersUnread says whether a scheme with orders of this account has not been read for five intervals. What such a
// scheme owns by now nobody knows; only where an order is called by its bill's number does Kingdee say who else could
// own it.
func (s *Rows) OwnersUnread(ctx context.Context, account string) (bool, error) {
	var unread bool
	err := s.pool.QueryRow(ctx, `
select exists (select from condition o join scheme s using (scheme)
    where o.kind = $2 and o.end_time is null and s.active and $1 = any(s.wms_accounts))`,
		account, rule.ConditionReadingBehind).Scan(&unread)
	if err != nil {
		return false, fmt.Errorf("look whether owners are read: %w", err)
	}
	return unread, nil
}

// AskAboutRefused gives a person cancellations whose own request is refused as not allowed, by an account that is
// accepted otherwise. Each stands for the attempt that was refused: what was tried or decided since is left alone.
func (s *Rows) AskAboutRefused(ctx context.Context, refused []ledger.Result) error {
	if len(refused) == 0 {
		return nil
	}
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error { return ledger.AskAboutRefused(ctx, tx, refused) })
	if err != nil {
		return fmt.Errorf("give a person what is not allowed: %w", err)
	}
	return nil
}
