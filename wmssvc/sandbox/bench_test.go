package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// BenchmarkCancel sends signed cancels, client and server in one process, against a book of 100,000 orders.
func BenchmarkCancel(b *testing.B) {
	for _, state := range []string{"memory", "file"} {
		b.Run(state, func(b *testing.B) {
			c := &clock{at: vectorTime}
			cfg := config(c)
			if state == "file" {
				cfg.StateFile = filepath.Join(b.TempDir(), "wms.jsonl")
			}
			s, err := sandbox.Start(b.Context(), cfg)
			require.NoError(b, err)
			orders := make([]warehouse.Order, 100_000)
			for i := range orders {
				orders[i].Key = key(fmt.Sprintf("ZZCX%06d", i))
			}
			require.Empty(b, s.CreateOrders(orders).Problems)
			transport := &http.Transport{MaxIdleConnsPerHost: 256}
			var next atomic.Int64
			b.SetParallelism(32)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					cancelOne(b, transport, s.URL(), key(fmt.Sprintf("ZZCX%06d", next.Add(1)%100_000)))
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cancels/s")
			require.Equal(b, next.Load(), s.Status().Cancels)
			transport.CloseIdleConnections()
			require.NoError(b, s.Stop(b.Context()))
		})
	}
}

func cancelOne(b *testing.B, transport *http.Transport, address string, k warehouse.Key) {
	body := cancelBody(k)
	q := vectorQuery("")
	q.Set("sign", signed(q, body, secret, true))
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost,
		address+"?"+q.Encode(), bytes.NewReader([]byte(body)))
	if err != nil {
		b.Error(err)
		return
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Error(resp.Status)
	}
}
