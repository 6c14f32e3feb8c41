package e2e_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// span is what a collector got of one.
type span struct {
	service, name     string
	trace, id, parent string
	begin, end        uint64
	attributes        map[string]string
	links             []string
	linkedTraces      []string
}

// collector is where the services send their traces, over OTLP/HTTP.
type collector struct {
	*httptest.Server

	mu    sync.Mutex
	spans []span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var batch collectorv1.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &batch) != nil {
			http.Error(w, "no batch of spans", http.StatusBadRequest)
			return
		}
		c.take(&batch)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(batch *collectorv1.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range batch.GetResourceSpans() {
		service := ""
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, spanOf(service, s))
			}
		}
	}
}

func spanOf(service string, s *tracev1.Span) span {
	out := span{
		service: service, name: s.GetName(), trace: hex.EncodeToString(s.GetTraceId()),
		id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()),
		begin: s.GetStartTimeUnixNano(), end: s.GetEndTimeUnixNano(),
		attributes: make(map[string]string),
	}
	for _, attribute := range s.GetAttributes() {
		out.attributes[attribute.GetKey()] = strings.Trim(fmt.Sprint(attribute.GetValue().GetValue()), "&{}")
	}
	for _, link := range s.GetLinks() {
		out.links = append(out.links, hex.EncodeToString(link.GetSpanId()))
		out.linkedTraces = append(out.linkedTraces, hex.EncodeToString(link.GetTraceId()))
	}
	return out
}

// all are the spans so far.
func (c *collector) all() []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// of are the spans of one trace in the order in which they began.
func (c *collector) of(trace string) []span {
	out := slices.DeleteFunc(c.all(), func(s span) bool { return s.trace != trace })
	slices.SortFunc(out, func(a, b span) int { return int(int64(a.begin) - int64(b.begin)) })
	return out
}

// text draws a trace as a tree.
func text(spans []span) string {
	known := make(map[string]bool)
	for _, s := range spans {
		known[s.id] = true
	}
	var out strings.Builder
	var draw func(parent string, depth int)
	draw = func(parent string, depth int) {
		for _, s := range spans {
			if s.parent == parent || depth == 0 && !known[s.parent] {
				fmt.Fprintf(&out, "%s%s  %s  %.1f ms\n",
					strings.Repeat("  ", depth), s.name, s.service, float64(s.end-s.begin)/1e6)
				draw(s.id, depth+1)
			}
		}
	}
	draw("", 0)
	return out.String()
}

// A person's call, the reading that it asked for, Kingdee's answers, and the request to the WMS that came of it were
// four stories that nothing tied together.
func TestOneTraceLeadsFromTheCallToTheVendors(t *testing.T) {
	t.Parallel()
	collector := newCollector(t)
	s := start(t, func(s *stack) {
		s.collector = collector.URL
		// No run comes by itself: what is traced is what was asked for.
		s.scheme = saying("    sandbox_only: true\n", "    sandbox_only: true\n    incremental_interval: 1h\n")
	})
	s.audited("TRACE-1", "CK001")
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void/runs", `{"kind": "RUN_KIND_INCREMENTAL"}`))
	s.until("the bill is known",
		func() bool { return s.count(`select count(*) from bill where bill_no = 'TRACE-1'`) == 1 })
	s.void("TRACE-1")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+s.orchestrator.HTTPAddr()+"/v1/schemes/assembly-void/runs",
		strings.NewReader(`{"kind": "RUN_KIND_INCREMENTAL", "requestId": "trace"}`))
	require.NoError(t, err)
	const ours = "4bf92f3577b34da6a3ce929d0e0e4736"
	request.Header.Set("traceparent", "00-"+ours+"-00f067aa0ba902b7-01")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	s.until("cancelled",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'done'`) == 1 })
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where traceparent like '00-`+ours+`-%-01'`),
		"the row keeps its place")

	has := func(service, name string) bool {
		return slices.ContainsFunc(collector.of(ours),
			func(s span) bool { return s.service == service && strings.HasPrefix(s.name, name) })
	}
	for _, want := range [][2]string{
		{"orchestrator", "REST POST"}, {"orchestrator", "orchestrator.v1.RunService/StartRun"},
		{"orchestrator", "river.work/run"},
		{"orchestrator", "kingdee.v1.BillService/StreamBillStates"},
		{"kingdeesvc", "kingdee.v1.BillService/StreamBillStates"},
		{"kingdeesvc", "Kingdee ExecuteBillQuery"}, {"orchestrator", "cancel order"}, {"wmssvc", "WMS cancel"},
	} {
		s.until("a span "+want[0]+" "+want[1], func() bool { return has(want[0], want[1]) })
	}
	spans := collector.of(ours)
	t.Log("one cancellation through all services:\n" + text(spans))
	order := spans[slices.IndexFunc(spans, func(s span) bool { return s.name == "cancel order" })]
	require.Contains(t, order.attributes["bill_no"], "TRACE-1")
	var batch span
	s.until("the batch", func() bool {
		all := collector.all()
		i := slices.IndexFunc(all,
			func(s span) bool { return s.name == "send batch" && slices.Contains(s.linkedTraces, ours) })
		if i >= 0 {
			batch = all[i]
		}
		return i >= 0
	})
	require.NotEqual(t, ours, batch.trace, "a batch has a trace of its own")
	require.Contains(t, order.links, batch.id, "and its orders lead to it")
}
