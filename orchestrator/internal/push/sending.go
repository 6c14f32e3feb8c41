package push

import (
	"context"
	"fmt"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

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
