package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A client that is gone without a word holds its locks until the server looks after it.
func TestTheServerLooksAfterItsClients(t *testing.T) {
	_, pool := openStore(t)
	var idle, interval, count string
	require.NoError(t, pool.QueryRow(t.Context(), `
select reset_val, (select reset_val from pg_settings where name = 'tcp_keepalives_interval'), (select reset_val from pg_settings where name = 'tcp_keepalives_count')
from pg_settings where name = 'tcp_keepalives_idle'`).Scan(&idle, &interval, &count))
	require.Equal(t, []string{"10", "5", "3"}, []string{idle, interval, count})
}
