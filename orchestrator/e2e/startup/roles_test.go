package startup

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/proto/apierr"
)

// What a caller meets.
const (
	letIn       = "let in"
	unknown     = "UNAUTHENTICATED"
	notAllowed  = "NOT_ALLOWED"
	noHandshake = "no handshake"
)

// credential is what a caller shows, and whom a service should take it for; no role: for nobody.
type credential struct {
	what        string
	token       string
	certificate *issued
	name, role  string
	// without says what meets this credential whatever it wants to call; empty = it is by role.
	without string
}

var roleOrder = []string{"", "viewer", "operator", "admin"}

// meets is what this credential should meet where a method is for who.
func (c credential) meets(who string) string {
	switch {
	case c.without != "":
		return c.without
	case c.role == "":
		return unknown
	case who == "WMS_CALLERS" && c.name == "orchestrator":
		return letIn
	case who == "WMS_CALLERS", slices.Index(roleOrder, c.role) < slices.Index(roleOrder, who):
		return notAllowed
	}
	return letIn
}

// bearers are tokens of each kind, and the lines of the file that knows them.
var bearers = []credential{
	{what: "nothing"},
	{what: "a wrong token", token: "0000000000000000"},
	{what: "a revoked token", token: "revoked-revoked-"},
	{what: "an expired token", token: "expired-expired-"},
	{what: "a viewer's token", token: "viewer-viewer-vi", name: "li", role: "viewer"},
	{what: "an operator's token", token: "operator-operato", name: "wang", role: "operator"},
	{what: "an admin's token", token: "admin-admin-admi", name: "zhao", role: "admin"},
	{what: "the orchestrator's token", token: "orchestrator-orc", name: "orchestrator", role: "viewer"},
}

var lines = []accesstest.Caller{
	{Name: "gone", Role: "admin", Token: "expired-expired-", Until: "2026-01-31"},
	{Name: "li", Role: "viewer", Token: "viewer-viewer-vi"},
	{Name: "wang", Role: "operator", Token: "operator-operato"},
	{Name: "zhao", Role: "admin", Token: "admin-admin-admi"},
	{Name: "orchestrator", Role: "viewer", Token: "orchestrator-orc"},
	{Name: "orchestrator", Role: "viewer"},
	{Name: "wms-02", Role: "operator"},
	{Name: "boss", Role: "admin"},
}

// mode is a way in which a service may be set up.
type mode struct {
	name        string
	settings    map[string]string
	trust       *x509.CertPool
	credentials []credential
}

func modes(t *testing.T) []mode {
	t.Helper()
	authority := issue(t, nil, "authority")
	server, foreign := issue(t, &authority, "server"), issue(t, nil, "boss")
	trust := x509.NewCertPool()
	trust.AddCert(authority.certificate)
	callers := accesstest.File(t, lines...)
	own := map[string]string{"TLS_CERT_FILE": server.certFile, "TLS_KEY_FILE": server.keyFile}
	with := func(also map[string]string) map[string]string {
		all := maps.Clone(own)
		maps.Copy(all, also)
		return all
	}
	certificates := []credential{{what: "no certificate", without: noHandshake},
		{what: "a foreign certificate with an admin's name", certificate: &foreign, without: noHandshake}}
	for _, one := range []credential{
		{what: "the orchestrator's certificate", name: "orchestrator", role: "viewer"},
		{what: "an operator's certificate", name: "wms-02", role: "operator"},
		{what: "an admin's certificate", name: "boss", role: "admin"},
		{what: "another certificate of the authority", name: "printer"},
	} {
		issued := issue(t, &authority, one.name)
		one.certificate = &issued
		certificates = append(certificates, one)
	}
	var both, open []credential
	for _, one := range bearers {
		anybody := one
		anybody.without = letIn
		open = append(open, anybody)
		if one.token != "" {
			// The certificate opens the door, the token says who acts: it takes nothing from the certificate.
			one.certificate = certificates[len(certificates)-2].certificate
			both = append(both, one)
		}
	}
	mutual := with(map[string]string{"TLS_CLIENT_CA_FILE": authority.certFile, "AUTH_CALLERS_FILE": callers})
	return []mode{
		{"plain loopback", nil, nil, open},
		{"tokens", map[string]string{"AUTH_CALLERS_FILE": callers}, nil, bearers},
		{"TLS and tokens", with(map[string]string{"AUTH_CALLERS_FILE": callers}), trust, bearers},
		{"client certificates", mutual, trust, certificates},
		{"client certificates and tokens", mutual, trust, both},
	}
}

// page is what docs/security.md says: who may call each method.
func page(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/security.md")
	require.NoError(t, err)
	who := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+\\.v1\\.\\w+/\\w+)` \\| `(\\w+)` \\|$").
		FindAllStringSubmatch(string(text), -1) {
		who["/"+row[1]] = row[2]
	}
	return who
}

// methods are those of a service's package, by the descriptors.
func (s service) methods() map[string]protoreflect.MethodDescriptor {
	all := map[string]protoreflect.MethodDescriptor{}
	protoregistry.GlobalFiles.RangeFilesByPackage(protoreflect.FullName(s.names[0]).Parent(),
		func(file protoreflect.FileDescriptor) bool {
			for i := range file.Services().Len() {
				methods := file.Services().Get(i).Methods()
				for j := range methods.Len() {
					m := methods.Get(j)
					all["/"+string(m.Parent().FullName())+"/"+string(m.Name())] = m
				}
			}
			return true
		})
	return all
}

// asked is a request that no service carries out: each text in it holds a character that none takes.
func asked(method protoreflect.MethodDescriptor) *dynamicpb.Message {
	request := dynamicpb.NewMessage(method.Input())
	fields := method.Input().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Kind() == protoreflect.StringKind && !f.IsList() && !f.IsMap() {
			request.Set(f, protoreflect.ValueOfString("\x00"))
		}
	}
	return request
}

// call is what a gRPC call of a method meets.
func (s service) meet(ctx context.Context, conn *grpc.ClientConn, name string, m protoreflect.MethodDescriptor) string {
	answer := dynamicpb.NewMessage(m.Output())
	var err error
	if m.IsStreamingClient() || m.IsStreamingServer() {
		var stream grpc.ClientStream
		stream, err = conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, name)
		if err == nil {
			_ = stream.SendMsg(asked(m)) // what is wrong is said by RecvMsg
			_ = stream.CloseSend()
			err = stream.RecvMsg(answer)
		}
	} else {
		err = conn.Invoke(ctx, name, asked(m), answer)
	}
	reason := apierr.Info(err, s.domain).GetReason()
	switch code := status.Code(err); {
	case errors.Is(err, io.EOF):
		return letIn
	case code == codes.Unauthenticated && reason == unknown, code == codes.PermissionDenied && reason == notAllowed:
		return reason
	case reason == "" && code == codes.Unavailable:
		return noHandshake
	}
	return letIn
}

// TestWhoMayCallWhat drives each method of the servers' descriptors with each kind of credential through each way in
// which a service may be set up, over gRPC and REST. What is expected is what docs/security.md says.
func TestWhoMayCallWhat(t *testing.T) {
	begun, who, all, bound := time.Now(), page(t), modes(t), bindings(t)
	var cases atomic.Int64
	t.Cleanup(func() { t.Logf("%d cases in %s", cases.Load(), time.Since(begun).Round(100*time.Millisecond)) })
	each(t, func(t *testing.T, s service) {
		methods := s.methods()
		require.NotEmpty(t, methods)
		for name := range methods {
			require.Contains(t, who, name, "docs/security.md does not say who may call it")
		}
		for _, m := range all {
			r := s.run(t, m.settings)
			for _, c := range m.credentials {
				way := serve.DialOptions{}
				config := &tls.Config{RootCAs: m.trust, MinVersion: tls.VersionTLS12}
				if c.certificate != nil {
					config.Certificates = []tls.Certificate{c.certificate.pair}
				}
				if m.trust != nil {
					way.TLS = credentials.NewTLS(config)
				}
				conn := dial(t, r.addr, way)
				client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
				for name, method := range methods {
					ctx := t.Context()
					if c.token != "" {
						ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
					}
					require.Equal(t, c.meets(who[name]), s.meet(ctx, conn, name, method),
						"%s, %s, %s", m.name, c.what, name)
					cases.Add(1)
					for _, b := range bound[name] {
						if r.rest == "" {
							continue
						}
						require.Equal(t, c.meets(who[name]), b.meet(t, client, m.trust != nil, r.rest, c.token),
							"%s, %s, %s %s", m.name, c.what, b.verb, b.path)
						cases.Add(1)
					}
				}
			}
		}
	})
}

// binding is how REST offers a method.
type binding struct{ verb, path string }

// bindings are those of proto/gateway.yaml, by the method's full name.
func bindings(t *testing.T) map[string][]binding {
	t.Helper()
	text, err := os.ReadFile("../../../proto/gateway.yaml")
	require.NoError(t, err)
	var file struct {
		HTTP struct {
			Rules []struct{ Selector, Get, Post string }
		} `yaml:"http"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	all := map[string][]binding{}
	for _, rule := range file.HTTP.Rules {
		i := strings.LastIndex(rule.Selector, ".")
		name := "/" + rule.Selector[:i] + "/" + rule.Selector[i+1:]
		path := regexp.MustCompile(`\{\w+(=\*\*)?\}`).ReplaceAllString(rule.Get+rule.Post, "1")
		if rule.Get != "" {
			all[name] = append(all[name], binding{http.MethodGet, path})
		} else {
			all[name] = append(all[name], binding{http.MethodPost, path})
		}
	}
	return all
}

// meet is what a request meets; its body lacks what every act wants.
func (b binding) meet(t *testing.T, client *http.Client, secure bool, addr, token string) string {
	t.Helper()
	scheme, body := "http://", []byte(nil)
	if secure {
		scheme = "https://"
	}
	if b.verb == http.MethodPost {
		body = []byte("{}")
	}
	request, err := http.NewRequestWithContext(t.Context(), b.verb, scheme+addr+b.path, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return noHandshake
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusOK {
		return letIn // a stream has no end
	}
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	for code, reason := range map[int]string{401: unknown, 403: notAllowed} {
		if answer.StatusCode == code && bytes.Contains(text, []byte(`"`+reason+`"`)) {
			return reason
		}
	}
	require.NotContains(t, []int{401, 403}, answer.StatusCode)
	return letIn
}

// Another process that says for whom it acts is nobody, whatever else it shows.
func TestNobodyElseMayActForOthers(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		r := s.run(t, map[string]string{"AUTH_CALLERS_FILE": accesstest.File(t, lines...)})
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer admin-admin-admi",
			"voidrelay-acts-for-bin", "3", "voidrelay-acts-for-bin", "boss")
		err := s.call(ctx, dial(t, r.addr, serve.DialOptions{}))
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		if r.rest == "" {
			return
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.rest+"/v1/schemes", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer viewer-viewer-vi")
		request.Header.Set("Grpc-Metadata-Voidrelay-Acts-For-Bin", "Mw==")
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, 401, answer.StatusCode)
	})
}

// A token that was revoked was good until a restart, and so was one that was given away until then.
func TestAChangedFileOfCallersIsReadWhileTheServiceRuns(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		path := accesstest.File(t, accesstest.Ops)
		r := s.run(t, map[string]string{"AUTH_CALLERS_FILE": path})
		conn := dial(t, r.addr, serve.DialOptions{Token: "0123456789abcdef"})
		require.NoError(t, s.call(t.Context(), conn))
		write := func(content string) {
			next := file(t, content)
			require.NoError(t, os.Rename(next, path))
		}
		known := func() bool { return s.call(t.Context(), conn) == nil }
		write(accesstest.Caller{Name: "li", Role: "viewer", Token: "fedcba9876543210"}.Line())
		require.Eventually(t, func() bool { return !known() }, 20*time.Second, 50*time.Millisecond)
		write("# nobody\n")
		write(accesstest.Ops.Line())
		require.Eventually(t, known, 20*time.Second, 50*time.Millisecond)
		write("ops operator 0123456789abcdef\n") // the token itself: such a file is refused
		other := dial(t, r.addr, serve.DialOptions{Token: "fedcba9876543210"})
		write(accesstest.Ops.Line() + accesstest.Caller{Name: "li", Role: "viewer", Token: "fedcba9876543210"}.Line())
		require.Eventually(t, func() bool {
			require.True(t, known(), "those of before stay in force while the file is wrong")
			return s.call(t.Context(), other) == nil
		}, 20*time.Second, 50*time.Millisecond)
		write("# nobody\n")
		require.Eventually(t, func() bool { return !known() }, 20*time.Second, 50*time.Millisecond,
			"the last caller is revoked, too")
	})
}
