package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

const (
	queryPath = "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc"
	loginPath = "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService.ValidateUser.common.kdsvc"
)

// tape hands requests on to a vendor and remembers the queries among them.
type tape struct {
	*httputil.ReverseProxy

	mu      sync.Mutex
	queries []string
}

func newTape(vendor string) *tape {
	target, err := url.Parse(vendor)
	if err != nil {
		target = &url.URL{}
	}
	return &tape{ReverseProxy: httputil.NewSingleHostReverseProxy(target)}
}

// ServeHTTP implements http.Handler.
func (t *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.URL.Path == queryPath {
		t.mu.Lock()
		t.queries = append(t.queries, string(body))
		t.mu.Unlock()
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	t.ReverseProxy.ServeHTTP(w, r)
}

// rewind answers what was remembered, and forgets it.
func (t *tape) rewind() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	queries := t.queries
	t.queries = nil
	return queries
}

// bare is a client that asks and throws the answer away.
type bare struct {
	http    *http.Client
	vendor  string
	session string
}

func newBare(ctx context.Context, vendor string) (*bare, error) {
	b := &bare{http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}, vendor: vendor}
	answer, err := b.post(ctx, loginPath, fmt.Sprintf(`{"acctID":%q,"username":%q,"password":%q,"lcid":2052}`,
		sandbox.DefaultAcctID, sandbox.DefaultUsername, string(sandbox.DefaultPassword)))
	if err != nil {
		return nil, err
	}
	var login struct {
		Session string `json:"KDSVCSessionId"`
	}
	if err := json.Unmarshal(answer, &login); err != nil || login.Session == "" {
		return nil, errors.Join(errors.New("the bare client's login was refused"), err)
	}
	b.session = login.Session
	return b, nil
}

// repeat asks every query in turn.
func (b *bare) repeat(ctx context.Context, queries []string) error {
	for _, query := range queries {
		answer, err := b.post(ctx, queryPath, query)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(answer, []byte("[[1")) && string(answer) != "[]" {
			return fmt.Errorf("no rows: %.200s", answer)
		}
	}
	return nil
}

func (b *bare) post(ctx context.Context, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.vendor+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("kdservice-sessionid", b.session)
	response, err := b.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return io.ReadAll(response.Body)
}

func (b *bare) close() { b.http.CloseIdleConnections() }
