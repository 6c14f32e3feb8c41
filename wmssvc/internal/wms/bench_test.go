package wms

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkExchange compares our own exchange with the same one over net/http's Transport, 64 in flight, against one
// server that is as bare as can be. The metric is the CPU time of this process for each request, the server's included,
// which is the same for both.
//
//	go test ./wmssvc/internal/wms -run '^$' -bench Exchange
func BenchmarkExchange(b *testing.B) {
	address := bareServer(b)
	c := benchClient(b, "http://"+address+"/x")
	request, err := c.Prepare(Order{
		WarehouseCode: "CK001", OrderCode: "ZZCX000123", OrderType: "QTRK", CancelReason: "金蝶作废",
	})
	require.NoError(b, err)
	standard := &http.Client{
		Transport: &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64, DisableCompression: true},
	}
	b.Cleanup(standard.CloseIdleConnections)
	for name, one := range map[string]func() error{
		"own": func() error {
			exchange := c.Send(b.Context(), request, time.Now().Add(time.Minute))
			return exchange.Err
		},
		"net-http": func() error {
			query, _ := c.signer.queries(time.Now(), request.body)
			response, err := standard.Post("http://"+address+"/x?"+query, "text/xml; charset=utf-8",
				bytes.NewReader(request.body)) //nolint:noctx // the plainest use
			if err != nil {
				return err
			}
			defer response.Body.Close()
			_, err = io.ReadAll(response.Body)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			began := cpu()
			var group sync.WaitGroup
			for range 64 {
				group.Go(func() {
					for left.Add(-1) >= 0 {
						if err := one(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64((cpu()-began).Nanoseconds())/1e3/float64(b.N), "cpu-µs")
		})
	}
}

func cpu() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func benchClient(b *testing.B, address string) *Client {
	b.Helper()
	c := newTestClient(b, address, time.Now, 64)
	b.Cleanup(c.Close)
	return c
}

// bareServer answers each request's last byte with the same words; it does not read what it is asked.
func bareServer(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				room := make([]byte, 4096)
				answer := []byte(reply(flagOnly))
				for held := 0; ; {
					n, err := conn.Read(room[held:])
					if held += n; err != nil {
						return
					}
					if bytes.HasSuffix(room[:held], []byte("</request>")) {
						held = 0
						if _, err := conn.Write(answer); err != nil {
							return
						}
					}
				}
			})
		}
	})
	b.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return listener.Addr().String()
}
