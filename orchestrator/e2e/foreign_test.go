package e2e_test

import (
	"fmt"
	"math"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// server is one of our services as a foreign client meets it, and what docs/grpc.md promises of it.
type server struct {
	name, addr string
	// column is where the tables of the page have it.
	column int
}

func servers(s *stack) []server {
	return []server{
		{"kingdeesvc", s.kingdeeTarget, 1}, {"wmssvc", s.wmsTarget, 2}, {"orchestrator", s.orchestrator.GRPCAddr(), 3},
	}
}

// Clients in other languages are written by docs/grpc.md: what it says of limits, pings and health holds over a
// connection.
func TestTheServersAreAsTheGRPCPageSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/grpc.md")
	require.NoError(t, err)
	page := string(text)
	for _, sv := range servers(start(t, nil)) {
		t.Run(sv.name, func(t *testing.T) {
			t.Parallel()
			t.Run("streams at once", func(t *testing.T) {
				require.Equal(t, cell(t, page, "streams at once on a connection", sv.column), streamsAtOnce(t, sv.addr))
			})
			t.Run("pings", func(t *testing.T) { cutOffForPinging(t, sv.addr) })
			client := healthv1.NewHealthClient(connect(t, sv.addr))
			t.Run("a message to it", func(t *testing.T) {
				var mebibytes int
				_, err := fmt.Sscanf(cell(t, page, "a message to it", sv.column), "%d MiB", &mebibytes)
				require.NoError(t, err)
				require.NotEqual(t, codes.ResourceExhausted, ask(t, client, mebibytes<<20-16))
				require.Equal(t, codes.ResourceExhausted, ask(t, client, mebibytes<<20))
			})
			t.Run("health", func(t *testing.T) {
				named := regexp.MustCompile("(?m)^\\| " + sv.name +
					" \\| ([^|]*`\"\"`[^|]*) \\|").FindStringSubmatch(page)
				require.NotNil(t, named)
				for _, service := range ourServices() {
					_, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: service})
					listed := strings.Contains(named[1], "`"+service+"`") ||
						service == "" && strings.Contains(named[1], "`\"\"`")
					require.Equal(t, listed, err == nil, "%q: %v", service, err)
				}
			})
		})
	}
}

// cell is what a table of the page says in this row and column.
func cell(t *testing.T, page, row string, column int) string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^\| ` + row + ` \|.*$`).FindString(page)
	require.NotEmpty(t, line, row)
	return strings.TrimSpace(strings.Split(line, "|")[1+column])
}

func ourServices() []string {
	return []string{
		"", kingdeev1.BillService_ServiceDesc.ServiceName, wmsv1.OrderService_ServiceDesc.ServiceName,
		orchestratorv1.BillService_ServiceDesc.ServiceName, orchestratorv1.CancellationService_ServiceDesc.ServiceName,
		orchestratorv1.RunService_ServiceDesc.ServiceName, orchestratorv1.SchemeService_ServiceDesc.ServiceName,
	}
}

func connect(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask sends a message with a text of this length to the one service that all servers have. No service has such a name.
func ask(t *testing.T, client healthv1.HealthClient, length int) codes.Code {
	t.Helper()
	_, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: strings.Repeat("x", length)})
	return status.Code(err)
}

// speak opens a connection without the help of a gRPC library, which would keep to the rules by itself.
func speak(t *testing.T, addr string) *http2.Framer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = conn.Write([]byte(http2.ClientPreface))
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(t, framer.WriteSettings())
	return framer
}

// streamsAtOnce is what the server announces, in the words of the page.
func streamsAtOnce(t *testing.T, addr string) string {
	t.Helper()
	frame, err := speak(t, addr).ReadFrame()
	require.NoError(t, err)
	settings, ok := frame.(*http2.SettingsFrame)
	require.True(t, ok, frame)
	limit, set := settings.Value(http2.SettingMaxConcurrentStreams)
	if !set || limit == math.MaxUint32 {
		return "no limit"
	}
	return fmt.Sprint(limit)
}

// cutOffForPinging pings much too often and waits for the server to say so.
func cutOffForPinging(t *testing.T, addr string) {
	t.Helper()
	framer := speak(t, addr)
	for n := range 10 {
		if err := framer.WritePing(false, [8]byte{byte(n)}); err != nil {
			break // cut off already; what it said is still to be read
		}
	}
	for {
		frame, err := framer.ReadFrame()
		require.NoError(t, err)
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			require.Equal(t, http2.ErrCodeEnhanceYourCalm, away.ErrCode)
			require.Equal(t, "too_many_pings", string(away.DebugData()))
			return
		}
	}
}
