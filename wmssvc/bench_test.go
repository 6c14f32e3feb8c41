package wmssvc_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// asStub makes the test binary serve as a WMS that answers everything at once, so that its work is not counted as ours.
const asStub = "WMSSVC_BENCH_STUB"

// serveStub answers success after a latency, which the path of the address names, and ends with its standard input.
// Below /closing it ends each connection behind its answer.
func serveStub() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().String())
	go func() {
		_ = http.Serve(listener,
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a stub on loopback
				_, _ = io.Copy(io.Discard, r.Body)
				path, closing := strings.CutPrefix(r.URL.Path, "/closing")
				if closing {
					w.Header()["Connection"] = []string{"close"}
				}
				if latency, err := time.ParseDuration(strings.TrimPrefix(path, "/")); err == nil && latency > 0 {
					time.Sleep(latency)
				}
				w.Header()["X-Voidrelay-Sandbox"] = []string{"stub"}
				w.Header()["Content-Type"] = []string{"text/xml"}
				_, _ = io.WriteString(w, answerDone)
			}))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func startStub(b *testing.B) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asStub+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	var address string
	_, err = fmt.Fscanln(stdout, &address)
	require.NoError(b, err)
	return address
}

const benchInFlight = 64

// BenchmarkCancel compares CancelOrders end to end, over a real gRPC connection, with the barest loop of signed POSTs
// that does the same work at the WMS: turn by turn, in slices of half a second or so, so that both meet the same
// machine. The custom metrics are medians over the turns: requests a second, their ratio within a turn, and the CPU
// time of this process for each request.
//
//	go test ./wmssvc -run '^$' -bench Cancel -benchtime 1x
func BenchmarkCancel(b *testing.B) {
	address := startStub(b)
	for _, c := range []struct {
		path  string
		slice int
	}{{"0s", 6000}, {"20ms", 2560}, {"100ms", 640}, {"closing/0s", 1500}} {
		b.Run(c.path, func(b *testing.B) {
			stub := "http://" + address + "/" + c.path
			bare, service := newBare(stub), newServed(b, stub)
			bare(c.slice / 4)
			service(c.slice / 4)
			const turns = 11
			var bareRate, serviceRate, ratio, bareCPU, serviceCPU []float64
			for range b.N {
				for turn := range turns {
					var bareTime, serviceTime, bareUsed, serviceUsed time.Duration
					measureBare := func() { bareTime, bareUsed = measured(func() { bare(c.slice) }) }
					measureService := func() { serviceTime, serviceUsed = measured(func() { service(c.slice) }) }
					// Who goes first changes, so that neither always meets the warmer machine.
					if turn%2 == 0 {
						measureBare()
						measureService()
					} else {
						measureService()
						measureBare()
					}
					n := float64(c.slice)
					bareRate, serviceRate = append(bareRate, n/bareTime.Seconds()), append(serviceRate,
						n/serviceTime.Seconds())
					ratio = append(ratio, bareTime.Seconds()/serviceTime.Seconds())
					bareCPU = append(bareCPU, float64(bareUsed.Microseconds())/n)
					serviceCPU = append(serviceCPU, float64(serviceUsed.Microseconds())/n)
				}
			}
			b.ReportMetric(median(bareRate), "bare/s")
			b.ReportMetric(median(serviceRate), "service/s")
			b.ReportMetric(median(ratio), "ratio")
			b.ReportMetric(median(bareCPU), "bare-cpu-µs")
			b.ReportMetric(median(serviceCPU), "service-cpu-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// median keeps a turn that met a busy machine from spoiling the rest.
func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// measured answers how long the work took, and how much CPU of this process, client and service included.
func measured(work func()) (wall, cpu time.Duration) {
	began, used := time.Now(), processCPU()
	work()
	return time.Since(began), processCPU() - used
}

func processCPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// newBare is the loop without a service: sign, post, read, and look for success.
func newBare(stub string) func(n int) {
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConns: benchInFlight, MaxIdleConnsPerHost: benchInFlight, DisableCompression: true,
	}}
	one := func(id int64) {
		o := order(id)
		body := "<request><warehouseCode>" + o.GetWarehouseCode() + "</warehouseCode><orderCode>" + o.GetOrderCode() +
			"</orderCode><orderType>" +
			o.GetOrderType() + "</orderType><cancelReason>" + o.GetCancelReason() + "</cancelReason></request>"
		stamp := time.Now().Format(time.DateTime)
		text :=
			[]byte("testsecretappkeytestappkeyformatxmlmethodWDT_WMS_ORDER_CANCELsidtestsidsign_methodmd5timestamp" +
				stamp + body + "testsecret")
		text = slices.DeleteFunc(text, func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' })
		sum := md5.Sum(text)
		query := "appkey=testappkey&format=xml&method=WDT_WMS_ORDER_CANCEL&sid=testsid&sign_method=md5&timestamp=" +
			url.QueryEscape(stamp) + "&sign=" + strings.ToUpper(hex.EncodeToString(sum[:]))
		response, err := client.Post(stub+"?"+query, "text/xml; charset=utf-8",
			strings.NewReader(body)) //nolint:noctx // the barest loop
		if err != nil {
			panic(err)
		}
		reply, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(reply), "<flag>success</flag>") {
			panic(fmt.Sprint(err, string(reply)))
		}
	}
	return func(n int) {
		var next atomic.Int64
		var group sync.WaitGroup
		for range benchInFlight {
			group.Go(func() {
				for id := next.Add(1); id <= int64(n); id = next.Add(1) {
					one(id)
				}
			})
		}
		group.Wait()
	}
}

// newServed is the same through the service, on one stream, as many in flight as its window allows.
func newServed(b *testing.B, stub string) func(n int) {
	b.Helper()
	cfg := configFor(stub)
	unlimited, inFlight := 0.0, benchInFlight
	cfg.Accounts[0].Rate, cfg.Accounts[0].Concurrency = &unlimited, &inFlight
	server, err := wmssvc.Start(b.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	b.Cleanup(func() {
		_ = conn.Close()
		require.NoError(b, server.Stop(context.Background()))
	})
	client := wmsv1.NewOrderServiceClient(conn)
	return func(n int) {
		stream, err := client.CancelOrders(b.Context())
		require.NoError(b, err)
		window, err := stream.Recv()
		require.NoError(b, err)
		require.EqualValues(b, benchInFlight, window.GetWindow().GetInFlight())
		// One more than in flight waits at the service, so that a place never stands empty for a round trip.
		tokens := make(chan struct{}, 2*benchInFlight)
		var sender sync.WaitGroup
		sender.Go(func() {
			before := timestamppb.New(time.Now().Add(time.Minute))
			for id := int64(1); id <= int64(n); id++ {
				tokens <- struct{}{}
				o := order(id)
				o.SendBefore = before
				if stream.Send(&wmsv1.CancelOrdersRequest{Order: o}) != nil {
					return
				}
			}
			_ = stream.CloseSend()
		})
		for range n {
			frame, err := stream.Recv()
			require.NoError(b, err)
			if frame.GetResult().GetDisposition() != done {
				require.FailNow(b, frame.String())
			}
			<-tokens
		}
		sender.Wait()
		_, err = stream.Recv()
		require.ErrorIs(b, err, io.EOF)
	}
}
