package push

import (
	"context"
	"fmt"
)

// MaySend is true of a cancellation c of scheme s for which requests may be sent now. Whatever stops sending stands in
// these rows, so that every orchestrator obeys it with its next statement: what gathers, loads and leases asks this and
// nothing else.
const MaySend = `(s.state = 'running' and s.active and s.mode = 'send' and s.pause_reason = ''
    and not exists (select from stop_all)
    and not exists (select from account_pause p where p.account = c.account))`

// MaySend says whether requests may be sent for a scheme to an account, as things are now.
func (s *Rows) MaySend(ctx context.Context, scheme, account string) (bool, error) {
	var may bool
	err := s.pool.QueryRow(ctx, `
select exists (select from scheme s cross join (select $2::text as account) c where s.scheme = $1 and `+MaySend+`)`,
		scheme, account).Scan(&may)
	if err != nil {
		return false, fmt.Errorf("look whether sending is allowed: %w", err)
	}
	return may, nil
}
