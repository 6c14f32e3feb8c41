package syncrun_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// A bill is voided, restored, and voided again, and each life of it made an order with a number of its own: each is
// cancelled under the number that it has. What was seen of the first life, also by a whole read that comes later, names
// the first order.
func TestEachLifeOfABillNamesItsOwnOrder(t *testing.T) {
	b := setupWith(t, "order_code: bill.number",
		`order_code: 'generation > 1 ? bill.number + "-" + string(generation) : bill.number'`)
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1 A1 open ", b.standing())
	b.backfill()
	require.Equal(t, "1 A1 open ", b.standing(), "the same life, read again")
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))

	b.Later(time.Minute)
	b.restored(1)
	b.Run()
	require.Equal(t, "A1-2", b.Text(`
select string_agg(o.order_code, ' ') from claim join warehouse_order o using (order_id)`), "it claims what it has now")
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1 A1 done cancelled; 1 A1-2 open ", b.standing())
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 A1 done cancelled; 1 A1-2 done cancelled", b.standing())
}
