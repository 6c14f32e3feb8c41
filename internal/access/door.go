package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// Door decides who calls and whether he may.
type Door struct {
	// callers are nil where nobody is asked who he is.
	callers atomic.Pointer[Callers]
	// vouching are the authorities of client certificates; nil where none are asked for.
	vouching *atomic.Pointer[authorities]
	// needs are by full method. A method without one may be called by nobody.
	needs map[string]Need
	now   func() time.Time
}

// NewDoor makes a door. Where callers is nil nobody is asked who he is, and everybody may do everything: the settings
// see to it that only this machine reaches such a service.
func NewDoor(callers *Callers, needs map[string]Need) *Door {
	d := &Door{needs: needs, now: time.Now}
	d.callers.Store(callers)
	return d
}

// admit exchanges the callers, where anybody is asked who he is.
func (d *Door) admit(callers *Callers) { d.callers.Store(callers) }

// trust lets nobody in any more whose certificate is not vouched for by those that are held now, before Serve.
func (d *Door) trust(held *atomic.Pointer[authorities]) { d.vouching = held }

// Enter puts the caller into the context of a call, or refuses it: with ErrUnauthenticated who is not known, with a
// Forbidden who may not do this. A token that is shown counts, and else the name of the client certificate.
func (d *Door) Enter(ctx context.Context) (context.Context, error) {
	method, _ := grpc.Method(ctx)
	need, ok := d.needs[method]
	if ok && need.Open {
		return ctx, nil
	}
	who, err := d.who(ctx)
	if err != nil {
		return ctx, err
	}
	ctx = known(ctx, who)
	if !ok {
		return ctx, &Forbidden{Method: method, Caller: who, Need: Need{Role: Admin + 1}}
	}
	if d.callers.Load() == nil {
		return ctx, nil
	}
	return ctx, allow(method, who, need)
}

func (d *Door) who(ctx context.Context) (Identity, error) {
	caller, _ := peer.FromContext(ctx)
	handed := metadata.ValueFromIncomingContext(ctx, handedKey)
	if caller != nil && IsOwn(caller.AuthInfo) {
		return takeOver(handed)
	}
	if len(handed) > 0 {
		return Identity{}, errForged
	}
	var certificates []*x509.Certificate
	if caller != nil {
		if info, ok := caller.AuthInfo.(credentials.TLSInfo); ok {
			certificates = verified(&info.State)
		}
	}
	return d.identify(metadata.ValueFromIncomingContext(ctx, "authorization"), certificates)
}

// WhoAsks is who makes an HTTP request, as Enter finds it for a call.
func (d *Door) WhoAsks(r *http.Request) (Identity, error) {
	for header := range r.Header {
		if strings.HasSuffix(strings.ToLower(header), handedKey) {
			return Identity{}, errForged
		}
	}
	return d.identify(r.Header.Values("Authorization"), verified(r.TLS))
}

func (d *Door) identify(authorization []string, certificates []*x509.Certificate) (Identity, error) {
	callers := d.callers.Load()
	if callers == nil {
		return Identity{Name: Nobody, Role: Admin}, nil
	}
	for _, value := range authorization {
		if scheme, token, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "bearer") {
			return callers.byToken(strings.TrimSpace(token), d.now())
		}
	}
	if len(certificates) > 0 {
		if d.now().After(certificates[0].NotAfter) {
			return Identity{}, &Refusal{"the certificate is past its end (证书已过期)"}
		}
		if d.vouching != nil && !d.vouching.Load().vouch(certificates) {
			return Identity{}, &Refusal{"nobody vouches for the certificate any more (签发机构已不被信任)"}
		}
		return callers.byCertificate(NameOf(certificates[0]))
	}
	return Identity{}, ErrUnauthenticated
}

// verified is the chain that an authority of ours vouched for; nil for none.
func verified(state *tls.ConnectionState) []*x509.Certificate {
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	return state.VerifiedChains[0]
}

// NameOf is what the holder of a certificate goes by: its first alternative name, of DNS, e-mail, URI and address in
// that order, or else its common name.
func NameOf(c *x509.Certificate) string {
	switch {
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	case len(c.URIs) > 0:
		return c.URIs[0].String()
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	}
	return c.Subject.CommonName
}

// Lacking names the methods of these services that no need is written down for; nobody could call them.
func (d *Door) Lacking(services map[string]grpc.ServiceInfo) error {
	var lacking []string
	for service, info := range services {
		for _, method := range info.Methods {
			if _, ok := d.needs["/"+service+"/"+method.Name]; !ok {
				lacking = append(lacking, service+"/"+method.Name)
			}
		}
	}
	if len(lacking) > 0 {
		return fmt.Errorf("nothing says who may call %s", strings.Join(lacking, ", "))
	}
	return nil
}
