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
	// refusals are nil where none are kept.
	refusals *Refusals
	now      func() time.Time
	holds    holds
}

// NewDoor makes a door. Where callers is nil nobody is asked who he is, and everybody may do everything: the settings
// see to it that only this machine reaches such a service. refusals hear of each login that is refused.
func NewDoor(callers *Callers, needs map[string]Need, refusals *Refusals) *Door {
	d := &Door{needs: needs, refusals: refusals, now: time.Now}
	d.callers.Store(callers)
	return d
}

// admit exchanges the callers, where anybody is asked who he is, and answers what that changed.
func (d *Door) admit(callers *Callers) CallersChange {
	before := d.callers.Swap(callers)
	d.Review()
	return changeOf(before, callers)
}

// trust lets nobody in any more whose certificate is not vouched for by those that are held now, before Serve.
func (d *Door) trust(held *atomic.Pointer[authorities]) { d.vouching = held }

// Enter puts the caller into the context of a call, or refuses it: with ErrUnauthenticated who is not known, with a
// Forbidden who may not do this, and with a HeldBackError whom it did not look at. A token that is shown counts, and
// else the name of the client certificate. A refusal is told, counted, and answered ever later where an address is
// refused again and again.
func (d *Door) Enter(ctx context.Context) (context.Context, error) {
	method, _ := grpc.Method(ctx)
	need, ok := d.needs[method]
	if ok && need.Open {
		return ctx, nil
	}
	who, from, err := d.who(ctx, true)
	if err == nil {
		ctx = known(ctx, who)
		err = d.mayCall(method, who, need, ok)
	}
	if err != nil {
		turnedAway(ctx)
		d.refusals.refuse(from, method, err)
	}
	return ctx, err
}

func (d *Door) mayCall(method string, who Identity, need Need, listed bool) error {
	switch {
	case !listed:
		return &Forbidden{Method: method, Caller: who, Need: Need{Role: Admin + 1}}
	case d.callers.Load() == nil:
		return nil
	}
	return allow(method, who, need)
}

// who finds who calls, and the host that the call comes from. anew says that the call has just come.
func (d *Door) who(ctx context.Context, anew bool) (who Identity, from string, err error) {
	caller, _ := peer.FromContext(ctx)
	handed := metadata.ValueFromIncomingContext(ctx, handedKey)
	var certificates []*x509.Certificate
	if caller != nil {
		if IsOwn(caller.AuthInfo) {
			return takeOver(handed)
		}
		from = hostOf(caller.Addr.String())
		if info, ok := caller.AuthInfo.(credentials.TLSInfo); ok {
			certificates = verified(&info.State)
		}
	}
	if len(handed) > 0 {
		return Identity{}, from, errForged
	}
	slowed := from
	if !anew {
		slowed = ""
	}
	who, err = d.identify(slowed, metadata.ValueFromIncomingContext(ctx, "authorization"), certificates)
	return who, from, err
}

// EnterHTTP puts who makes an HTTP request into its context, for HandOver, or refuses him as Enter does. He comes from
// the host of the connection: what a header says of others is anybody's word.
func (d *Door) EnterHTTP(r *http.Request) (*http.Request, error) {
	from := hostOf(r.RemoteAddr)
	who, err := d.whoAsks(from, r)
	if err != nil {
		d.refusals.refuse(from, r.Method+" "+r.URL.Path, err)
		return r, err
	}
	return r.WithContext(context.WithValue(r.Context(), askerKey{}, asker{who, from})), nil
}

func (d *Door) whoAsks(from string, r *http.Request) (Identity, error) {
	for header := range r.Header {
		if strings.HasSuffix(strings.ToLower(header), handedKey) {
			return Identity{}, errForged
		}
	}
	return d.identify(from, r.Header.Values("Authorization"), verified(r.TLS))
}

// identify finds who shows this. Where from names a host, its guesses bound how many tokens are looked at.
func (d *Door) identify(
	from string, authorization []string, certificates []*x509.Certificate,
) (Identity, error) {
	callers := d.callers.Load()
	if callers == nil {
		return Identity{Name: Nobody, Role: Admin}, nil
	}
	for _, value := range authorization {
		if scheme, token, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "bearer") {
			return d.byToken(callers, from, strings.TrimSpace(token))
		}
	}
	if len(certificates) > 0 {
		if d.now().After(certificates[0].NotAfter) {
			return Identity{}, errPastItsEnd
		}
		if d.vouching != nil && !d.vouching.Load().vouch(certificates) {
			return Identity{}, errUnvouched
		}
		return callers.byCertificate(NameOf(certificates[0]))
	}
	return Identity{}, errNothingShown
}

func (d *Door) byToken(callers *Callers, from, token string) (Identity, error) {
	if from == "" {
		return callers.byToken(token, d.now())
	}
	if err := d.refusals.heldBack(from, token); err != nil {
		return Identity{}, err
	}
	who, err := callers.byToken(token, d.now())
	if err == nil {
		d.refusals.right(from, token)
	}
	return who, err
}

// verified is the chain that an authority of ours vouched for; nil for none.
func verified(state *tls.ConnectionState) []*x509.Certificate {
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	return state.VerifiedChains[0]
}

// The kinds of alternative names that a name begins with, so that one authority's e-mail address is not another's host.
const (
	byEmail = "email:"
	byURI   = "uri:"
	byIP    = "ip:"
)

// NameOf is what the holder of a certificate goes by: its first alternative name, of DNS, e-mail
// (email:wang@example.com), URI (uri:spiffe://…) and address (ip:10.0.0.5) in that order, or else its common name.
// Empty = nobody: a DNS or common name that reads as one of another kind is none.
func NameOf(c *x509.Certificate) string {
	name := c.Subject.CommonName
	switch {
	case len(c.DNSNames) > 0:
		name = c.DNSNames[0]
	case len(c.EmailAddresses) > 0:
		return byEmail + c.EmailAddresses[0]
	case len(c.URIs) > 0:
		return byURI + c.URIs[0].String()
	case len(c.IPAddresses) > 0:
		return byIP + c.IPAddresses[0].String()
	}
	for _, kind := range []string{byEmail, byURI, byIP} {
		if strings.HasPrefix(strings.ToLower(name), kind) {
			return ""
		}
	}
	return name
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
