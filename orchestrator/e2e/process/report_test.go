package process

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// update writes the answers of docs/reporting.md as they are: `go test ./orchestrator/e2e/process -run Report -update`.
var update = flag.Bool("update", false, "write the answers into docs/reporting.md")

// question is one of the page, with the answer that stands below it.
var question = regexp.MustCompile("(?s)```sql\n([^`]*?)```\n<!-- answer -->\n```text\n(.*?)```\n")

// TestTheReportsAnswerTwentyQuestionsAboutTheSampleDay plays the day of `make demo` and asks what docs/reporting.md
// asks, as somebody who may only read the reports.
func TestTheReportsAnswerTwentyQuestionsAboutTheSampleDay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	orchestrator, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))
	require.NoError(t, install.Day{Vendors: w.vendors, Client: client}.Play(ctx, 0))
	require.NoError(t, client.Settled(ctx))
	late := w.theBill(client, "ZZCX000161")
	for _, c := range late.GetCancellations() {
		if c.GetDisposition() == "too_late" {
			_, err := client.Cancellations.IgnoreCancellations(ctx, &orchestratorv1.IgnoreCancellationsRequest{
				Filter: &orchestratorv1.CancellationFilter{
					Scheme: c.GetScheme(), CancellationIds: []int64{c.GetCancellationId()},
				},
				Reason: "货已收，已手工冲销",
			})
			require.NoError(t, err)
		}
	}
	await(t, time.Minute, "the last change is an event", func() bool {
		answer, err := client.Events.ListEvents(ctx, &orchestratorv1.ListEventsRequest{BillNo: "ZZCX000161"})
		require.NoError(t, err)
		return slices.ContainsFunc(answer.GetEvents(), func(e *orchestratorv1.Event) bool {
			return e.GetKind() == orchestratorv1.EventKind_EVENT_KIND_CANCELLATION_SETTLED && e.GetReason() == "ignored"
		})
	})
	terminate(t, orchestrator)

	conn, err := pgx.Connect(ctx, w.database)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, `set role voidrelay_reader`)
	require.NoError(t, err)
	file := filepath.Join(root, "docs", "reporting.md")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	asked := question.FindAllStringSubmatch(string(content), -1)
	require.Len(t, asked, 20)
	page := string(content)
	for _, q := range asked {
		answer := answer(ctx, t, conn, q[1])
		if *update {
			page = strings.Replace(page, q[0], strings.TrimSuffix(q[0], q[2]+"```\n")+answer+"```\n", 1)
			continue
		}
		require.Equal(t, q[2], answer, q[1])
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
	}
}

// answer is what a query comes to, as a table of text.
func answer(ctx context.Context, t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	rows, err := conn.Query(ctx, query)
	require.NoError(t, err, query)
	defer rows.Close()
	var head []string
	for _, field := range rows.FieldDescriptions() {
		head = append(head, field.Name)
	}
	table := &strings.Builder{}
	fmt.Fprintln(table, strings.Join(head, " | "))
	for rows.Next() {
		values, err := rows.Values()
		require.NoError(t, err)
		cells := make([]string, len(values))
		for i, value := range values {
			if value != nil {
				cells[i] = fmt.Sprint(value)
			}
		}
		fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, " | "), " "))
	}
	require.NoError(t, rows.Err(), query)
	return table.String()
}
