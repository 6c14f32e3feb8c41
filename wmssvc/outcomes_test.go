package wmssvc_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

var update = flag.Bool("update", false, "rewrite docs/wms-outcomes.md from the table")

const outcomesPage = "../docs/wms-outcomes.md"

// outcome is a line of the page: a WMS that behaves so, and what the caller of CancelOrder receives.
type outcome struct {
	where string
	want  wmsv1.Disposition
	// address of the WMS; change is applied to the account or the order where that is what breaks.
	address func(t *testing.T) string
	account func(*wmssvc.Account)
	order   func(*wmsv1.Order)
}

const success = "<response><flag>success</flag><code>0</code></response>"

// talks is a WMS that reads the whole request, says that much and closes.
func talks(text string) func(t *testing.T) string {
	return func(t *testing.T) string {
		return "http://" + newRude(t, known(says(text))).host() + "/x"
	}
}

// spoken is a WMS that says that much to whatever it is asked, the harmless call, too.
func spoken(t *testing.T, text string) string {
	t.Helper()
	return "http://" + newRude(t, says(text)).host() + "/x"
}

// says answers one request with a text.
func says(text string) func(conn *net.TCPConn) {
	return func(conn *net.TCPConn) {
		if _, err := readRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

// below is a WMS that does something with the bare connection; where there is no TLS, it answers the harmless call.
func below(scheme string, serve func(conn *net.TCPConn)) func(t *testing.T) string {
	if scheme == "http" {
		serve = known(serve)
	}
	return func(t *testing.T) string { return scheme + "://" + newRude(t, serve).host() + "/x" }
}

func answers(handler http.HandlerFunc) func(t *testing.T) string {
	return func(t *testing.T) string { return newVendor(t, handler).URL + "/x" }
}

func at(address string) func(t *testing.T) string { return func(*testing.T) string { return address } }

func impatient(a *wmssvc.Account) { a.Timeout = 300 * time.Millisecond }

func silent(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }

func whole(head, body string) string {
	return "HTTP/1.1 " + head + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func outcomes() []outcome {
	return []outcome{
		{where: "`send_before` has passed when the order arrives", want: notSent, address: at("http://127.0.0.1:1/x"),
			order: func(o *wmsv1.Order) { o.SendBefore = timestamppb.New(time.Now().Add(-time.Second)) }},
		{where: "no such host", want: notSent, address: at("http://wms.invalid/x")},
		{where: "connection refused", want: notSent, address: at("http://127.0.0.1:1/x")},
		{where: "TLS: the server does not speak it", want: notSent, address: below("https",
			func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })},
		{where: "TLS: dropped in the handshake", want: notSent, address: below("https", reset)},
		{where: "TLS: no answer in the handshake in time", want: notSent, address: below("https",
			silent), account: impatient},
		{where: "TLS: a certificate that nobody trusted vouches for, or for another name", want: notSent,
			address: func(t *testing.T) string {
				address, _ := secured(t)
				return address
			}},

		{where: "reset after the first byte of the request", want: unknown,
			address: below("http", func(conn *net.TCPConn) {
				_, _ = io.CopyN(io.Discard, conn, 1)
				reset(conn)
			})},
		{where: "reset in the request's body", want: unknown, address: below("http", func(conn *net.TCPConn) {
			_, _ = io.CopyN(io.Discard, conn, 400)
			reset(conn)
		})},
		{where: "closed after the whole request, without an answer", want: unknown, address: talks("")},
		{where: "no answer in time", want: unknown, address: below("http", silent), account: impatient},
		{where: "an answer that comes a byte at a time and does not end in time", want: unknown, account: impatient,
			address: answers(func(w http.ResponseWriter, r *http.Request) {
				for r.Context().Err() == nil {
					_, _ = io.WriteString(w, " ")
					_ = http.NewResponseController(w).Flush()
					time.Sleep(time.Millisecond)
				}
			})},
		{where: "closed in the answer's head", want: unknown, address: talks("HTTP/1.1 200 OK\r\nContent-")},
		{where: "closed in an answer of known length", want: unknown, address: talks("HTTP/1.1 200 OK\r\n" +
			"Content-Length: 500\r\n\r\n" + success)},
		{where: "closed in an answer in chunks", want: unknown, address: talks("HTTP/1.1 200 OK\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n37\r\n" + success + "\r\n")},
		{
			where: "closed in an answer that ends with the connection", want: unknown,
			address: talks("HTTP/1.1 200 OK\r\n\r\n" + success[:40]),
		},
		{where: "an answer that is not HTTP", want: unknown, address: talks(success)},
		{where: "100 Continue and no more", want: unknown, address: talks("HTTP/1.1 100 Continue\r\n\r\n")},
		{where: "101 Switching Protocols", want: unknown, address: talks("HTTP/1.1 101 Switching Protocols\r\n\r\n")},
		{
			where: "a redirect, which is not followed", want: unknown,
			address: talks(whole("307 Temporary Redirect\r\nLocation: /y", success)),
		},
		{where: "413 before the request was read", want: unknown, address: below("http", func(conn *net.TCPConn) {
			_, _ = io.CopyN(io.Discard, conn, 100)
			_, _ = io.WriteString(conn, whole("413 Content Too Large", ""))
			silent(conn)
		})},
		{
			where: "429 with a gateway's words", want: unknown,
			address: talks(whole("429 Too Many Requests\r\nRetry-After: 7", "busy")),
		},
		{where: "503 without a word", want: unknown, address: talks(whole("503 Service Unavailable", ""))},
		{where: "504 Gateway Timeout", want: unknown, address: talks(whole("504 Gateway Timeout", "<html></html>"))},
		{
			where: "a maintenance page with status 200", want: unknown,
			address: talks(whole("200 OK\r\nContent-Type: text/html", "<html>维护中</html>")),
		},
		{where: "JSON instead of XML", want: unknown, address: talks(whole("200 OK", `{"flag":"success","code":"0"}`))},
		{where: "502 with a gateway's page", want: unknown, address: talks(whole("502 Bad Gateway", "<html></html>"))},
		{where: "500 with a success in it", want: unknown, address: talks(whole("500 Internal Server Error", success))},
		{where: "400 with a success in it", want: unknown, address: talks(whole("400 Bad Request", success))},
		{where: "an empty answer", want: unknown, address: talks(whole("200 OK", ""))},
		{where: "an answer of more than 1 MiB", want: unknown, address: talks(whole("200 OK",
			success+strings.Repeat(" ", 1<<20)))},
		{
			where: "an answer whose head is longer than 64 KiB", want: unknown,
			address: talks(whole("200 OK\r\nX: "+strings.Repeat("y", 1<<17), success)),
		},
		{where: "a compressed answer", want: unknown, address: talks(whole("200 OK\r\nContent-Encoding: gzip",
			success))},
		{where: "XML that is cut short, or has a document type", want: unknown, address: talks(whole("200 OK",
			"<!DOCTYPE x>"+success))},
		{
			where: "an answer without a flag, or with one that is nearly `success`", want: unknown,
			address: talks(whole("200 OK", "<response><flag>SUCCESS</flag></response>")),
		},

		{where: "a whole answer, then closed", want: done, address: talks(whole("200 OK", success))},
		{
			where: "a whole answer that ends with the connection", want: done,
			address: talks("HTTP/1.1 200 OK\r\n\r\n" + success),
		},
		{where: "the vendor's refusal with status 400", want: notFound, address: talks(whole("400 Bad Request",
			answerNotFound))},
	}
}

// Where the connection broke, and what the caller receives. Never not_sent when a byte may have left; never anything
// else when none did.
func TestOutcomesPage(t *testing.T) {
	t.Parallel()
	all := outcomes()
	lines := make([]string, len(all))
	for i, o := range all {
		t.Run(o.where, func(t *testing.T) {
			t.Parallel()
			cfg := configFor(o.address(t))
			cfg.Accounts[0].Timeout = 5 * time.Second
			if o.account != nil {
				o.account(&cfg.Accounts[0])
			}
			_, client := start(t, cfg)
			changes := []func(*wmsv1.Order){}
			if o.order != nil {
				changes = append(changes, o.order)
			}
			r := cancelOne(t, client, order(1, changes...))
			require.Equal(t, o.want, r.GetDisposition(), r.GetDetail())
			switch o.want {
			case notSent:
				requireNotSent(t, r)
			case unknown:
				requireUnknown(t, r)
			default:
				require.NotNil(t, r.GetSendTime())
				require.NotNil(t, r.GetReplyTime())
			}
			cause := ""
			if r.GetDisposition() == unknown {
				cause = " " + strings.TrimPrefix(r.GetUnknownCause().String(), "UNKNOWN_CAUSE_")
			}
			lines[i] = fmt.Sprintf("| %s | `%s`%s | %s | %s |\n",
				o.where, strings.TrimPrefix(r.GetDisposition().String(), "DISPOSITION_"), cause,
				told(r.GetSendTime() != nil), told(r.GetReplyTime() != nil))
		})
	}
	// The page is written once all have been played.
	t.Cleanup(func() {
		page := outcomesHead + strings.Join(lines, "") + outcomesTail
		if *update {
			require.NoError(t, os.WriteFile(outcomesPage, []byte(page), 0o600))
		}
		written, err := os.ReadFile(outcomesPage)
		require.NoError(t, err)
		require.Equal(t, page, string(written), "go test ./wmssvc -run OutcomesPage -update rewrites it")
	})
}

func told(told bool) string {
	if told {
		return "yes"
	}
	return ""
}

const outcomesHead = `# Where the connection broke, and what the caller receives

One order is one HTTP request, written once. ` + "`NOT_SENT`" + ` is said only when not a byte of it left this
process, ` + "`UNKNOWN`" + ` whenever one did and no answer that can be relied on came back. This page is written by
the test that plays each line against a running wmssvc (` + "`wmssvc/outcomes_test.go`" + `); other tests drop the
connection at every single byte of the request and of the answer (` + "`wmssvc/broken_test.go`" + `).

With ` + "`UNKNOWN`" + ` stands how it came about (` + "`unknown_cause`" + `): the answer was lost, and the WMS may
well have done it; or a proxy in front of it answered in its stead; or an answer came that nothing can be decided
on.

The last two columns: whether the result has a ` + "`send_time`" + ` (something left) and a ` + "`reply_time`" + `
(an answer came whole).

| where it broke | disposition | left | answered |
|---|---|---|---|
`

const outcomesTail = `
Not on the list, since nothing breaks:

- The account rests after a throttle answer, or ` + "`send_before`" + ` passes in the queue: ` + "`NOT_SENT`" + `,
  with ` + "`retry_after`" + ` where it is known.
- The server has not shown for a minute whether it is a real WMS or a sandbox and does not answer the harmless call,
  or it shows another kind than the caller was told of: ` + "`NOT_SENT`" + `.
- wmssvc is stopping: what waits is ` + "`NOT_SENT`" + `, what was sent is finished; cut off after 30 s, it is
  ` + "`UNKNOWN`" + `.
- The caller goes away: what waits is not sent, what was sent is finished and logged.
- An order breaks a rule of the contract: a ` + "`Refusal`" + ` on the stream, a status with an ErrorInfo of domain
  ` + "`wms`" + ` for the caller of one. Nothing was sent.

What the caller must conclude by itself: a stream that broke, a deadline that passed, a status without such an
ErrorInfo. Then every order that was handed over and not answered is unknown.

A whole answer is read by its words: [wms-answers.md](wms-answers.md).
`
