package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	streamPath = "/v1/events:watch"
	// patience is how long a watch waits for a caller who does not take what he is sent.
	patience = 30 * time.Second
	// again is for how many milliseconds a browser waits before it asks again.
	again = 2000
)

// stream is EventService.WatchEvents over REST: server-sent events for who accepts text/event-stream, and else a line
// of JSON a message. It ends with its caller's right to it, and without an error when the orchestrator stops.
func (f *front) stream(w http.ResponseWriter, r *http.Request, _ map[string]string) {
	r = resumed(r)
	request := &orchestratorv1.WatchEventsRequest{}
	if err := (strictQuery{}).Parse(request, r.URL.Query(), utilities.NewDoubleArray(nil)); err != nil {
		f.answer(w, r, status.Error(codes.InvalidArgument, err.Error()))
		return
	}
	ctx, release := f.door.HoldHTTP(r, orchestratorv1.EventService_WatchEvents_FullMethodName)
	defer release()
	// A caller who hangs up ends it.
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(ctx, access.HandOver(r.Context())))
	defer cancel()
	stream, err := f.events.WatchEvents(ctx, request)
	if err != nil {
		f.answer(w, r, err)
		return
	}
	// The first message comes at once: what is wrong is still an answer with a status of its own.
	message, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		err = status.Error(codes.Unavailable, "it stops")
	}
	if err != nil {
		f.answer(w, r, err)
		return
	}
	form := f.formOf(w, r)
	form.begin()
	for err == nil {
		if err = form.page(message); err != nil {
			return // nobody takes it any more
		}
		message, err = stream.Recv()
	}
	form.end(ctx, err)
}

// resumed is the request of a browser that goes on where its connection broke: it repeats the address and says in
// Last-Event-ID what it saw last.
func resumed(r *http.Request) *http.Request {
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		return r
	}
	query := r.URL.Query()
	for _, name := range []string{"sinceToken", "since_token", "fromOldest", "from_oldest"} {
		query.Del(name)
	}
	query.Set("sinceToken", last)
	address := *r.URL
	address.RawQuery = query.Encode()
	next := r.WithContext(r.Context())
	next.URL = &address
	return next
}

// heading answers HEAD, as GET would begin.
func heading(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", streamType(r))
	w.Header().Set("Cache-Control", "no-store")
}

func (f *front) answer(w http.ResponseWriter, r *http.Request, err error) {
	writeError(r.Context(), f.mux, f.marshaler(r), w, r, err)
}

const (
	eventStream = "text/event-stream"
	jsonLines   = "application/x-ndjson"
)

func streamType(r *http.Request) string {
	for _, accepted := range r.Header.Values("Accept") {
		if strings.Contains(accepted, eventStream) {
			return eventStream
		}
	}
	return jsonLines
}

// eventForm writes a watch.
type eventForm struct {
	w    http.ResponseWriter
	r    *http.Request
	rc   *http.ResponseController
	kind string
	json func(message any) ([]byte, error)
}

func (f *front) formOf(w http.ResponseWriter, r *http.Request) *eventForm {
	return &eventForm{
		w: w, r: r, rc: http.NewResponseController(w), kind: streamType(r), json: f.marshaler(r).Marshal,
	}
}

func (f *eventForm) begin() {
	// What bounds other requests would end a watch: it reads nothing more, and each message has its own time.
	_ = f.rc.SetReadDeadline(time.Time{})
	heading(f.w, f.r)
	f.w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events until it has many
	f.w.WriteHeader(http.StatusOK)
	if f.kind == eventStream {
		_, _ = fmt.Fprintf(f.w, "retry: %d\n\n", again)
	}
}

// page writes what one message brings, and sends it off.
func (f *eventForm) page(message *orchestratorv1.WatchEventsResponse) error {
	_ = f.rc.SetWriteDeadline(time.Now().Add(patience))
	if f.kind == jsonLines {
		if err := f.line(message); err != nil {
			return err
		}
		return f.rc.Flush()
	}
	last := ""
	for _, event := range message.GetEvents() {
		text, err := f.json(event)
		if err != nil {
			return err
		}
		last = event.GetToken()
		if _, err := fmt.Fprintf(f.w, "id: %s\ndata: %s\n\n", last, text); err != nil {
			return err
		}
	}
	if last != message.GetToken() {
		// Without data it is no event to a browser, and moves its Last-Event-ID on.
		if _, err := fmt.Fprintf(f.w, ": still here\nid: %s\n\n", message.GetToken()); err != nil {
			return err
		}
	}
	return f.rc.Flush()
}

func (f *eventForm) line(message proto.Message) error {
	text, err := f.json(message)
	if err != nil {
		return err
	}
	_, err = f.w.Write(append(text, '\n'))
	return err
}

// end says why the watch ends, where it does not simply end.
func (f *eventForm) end(ctx context.Context, err error) {
	if lost := access.Lost(ctx); lost != nil {
		err = lostRight(lost)
	}
	if errors.Is(err, io.EOF) || f.r.Context().Err() != nil {
		return
	}
	if apierr.Info(err, apierr.Orchestrator) == nil {
		err = shaped(err)
	}
	text, merr := f.json(status.Convert(err).Proto())
	if merr != nil {
		return
	}
	_ = f.rc.SetWriteDeadline(time.Now().Add(patience))
	if f.kind == eventStream {
		_, _ = fmt.Fprintf(f.w, "event: error\ndata: %s\n\n", text)
	} else {
		_, _ = fmt.Fprintf(f.w, "{\"error\":%s}\n", text)
	}
	_ = f.rc.Flush()
}

// lostRight is what a caller hears who may not watch any more.
func lostRight(lost error) error {
	sent := apierr.Error{
		Code: codes.Unauthenticated, Domain: apierr.Orchestrator, Message: lost.Error(),
		Reason: orchestratorv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED,
	}
	if forbidden, ok := errors.AsType[*access.Forbidden](lost); ok {
		sent.Code, sent.Metadata = codes.PermissionDenied, forbidden.Metadata()
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_NOT_ALLOWED
	}
	return sent.Err()
}
