package access

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What gRPC reads as another host was taken for this one, and the token went there in the clear.
func TestATargetIsLocalOnlyWhereGRPCReadsItSo(t *testing.T) {
	for target, local := range map[string]bool{
		"127.0.0.1:7401": true, "localhost:7401": true, "[::1]:7401": true, "unix:/run/a": true, "unix:///run/a": true,
		"dns:///localhost:7401": true, "passthrough:///127.0.0.1:1": true,
		"10.0.0.5:7401": false, "dns:///10.0.0.5:7401": false, "dns:///10.0.0.5:7401?/127.0.0.1": false,
		"dns:///10.0.0.5:7401#/localhost:1": false, "dns://8.8.8.8/localhost:7401": false,
		"xds:///localhost:1": false, "10.0.0.5:7401/127.0.0.1:1": false, "": false,
	} {
		require.Equal(t, local, IsLocalTarget(target), target)
	}
}

func TestANeedThatSaysNothingIsNobodys(t *testing.T) {
	boss := Identity{Name: "boss", Role: Admin}
	require.Error(t, allow("m", boss, Need{}))
	require.Error(t, allow("m", boss, Need{Names: []string{"orchestrator"}}))
	require.NoError(t, allow("m", boss, Need{Role: Admin}))
}

func TestACertificatePastItsEndIsNobodys(t *testing.T) {
	now := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	boss := listed{Identity: Identity{Name: "boss", Role: Admin}}
	d := NewDoor(&Callers{certificates: map[string]listed{"boss": boss}}, nil, nil)
	d.now = func() time.Time { return now }
	for end, known := range map[time.Time]bool{now.Add(time.Hour): true, now.Add(-time.Hour): false} {
		_, err := d.identify("", nil, []*x509.Certificate{{DNSNames: []string{"boss"}, NotAfter: end}})
		require.Equal(t, known, err == nil)
	}
}

// A file that services would refuse left the token in force that was just revoked, and the command said that it was.
func TestAnEditOfAFileThatServicesWouldRefuseChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "callers")
	content := "li viewer " + Digest("0123456789abcdef") + "\nwang boss certificate\n"
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	_, err := Revoke(path, "li", "")
	require.ErrorContains(t, err, "nothing was changed")
	_, err = CreateToken(path, "zhao", Viewer, time.Time{})
	require.ErrorContains(t, err, "nothing was changed")
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, string(kept))
}

// Two who made a token at once, each for a colleague: one of the lines was lost, and its token refused.
func TestTwoEditsOfTheFileOfCallersAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "callers")
	const count = 40
	var edits sync.WaitGroup
	for i := range count {
		edits.Go(func() {
			_, err := CreateToken(path, fmt.Sprintf("user%d", i), Viewer, time.Time{})
			assert.NoError(t, err)
		})
	}
	edits.Wait()
	callers, err := LoadCallers(path)
	require.NoError(t, err)
	require.Len(t, callers.List(), count)
}

// The failure: whoever had an authority sign the e-mail address "orchestrator" was the orchestrator.
func TestNamesOfCertificatesDoNotCrossTheirKinds(t *testing.T) {
	uri, err := url.Parse("spiffe://example.com/wang")
	require.NoError(t, err)
	for want, certificate := range map[string]*x509.Certificate{
		"wang":                          {DNSNames: []string{"wang", "other"}, EmailAddresses: []string{"a@b"}},
		"email:wang":                    {EmailAddresses: []string{"wang"}, Subject: pkix.Name{CommonName: "zhao"}},
		"uri:spiffe://example.com/wang": {URIs: []*url.URL{uri}},
		"ip:10.0.0.5":                   {IPAddresses: []net.IP{net.IPv4(10, 0, 0, 5)}},
		"zhao":                          {Subject: pkix.Name{CommonName: "zhao"}},
		"":                              {Subject: pkix.Name{CommonName: "EMAIL:wang"}},
	} {
		require.Equal(t, want, NameOf(certificate))
	}
	require.Empty(t, NameOf(&x509.Certificate{DNSNames: []string{"uri:spiffe://example.com/wang"}}))
	_, err = (&Callers{certificates: map[string]listed{}}).byCertificate("")
	require.ErrorIs(t, err, ErrUnauthenticated)
}
