package authority_test

import (
	"crypto/tls"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access/authority"
)

// Two people, or two hosts' timers, renew at once: each certificate has its own key beside it, and the authority's is
// the one that signed them.
func TestRenewingTwiceAtOnceLeavesEachCertificateWithItsKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, authority.Init(dir, nil))
	var all sync.WaitGroup
	failed := make(chan error, 16)
	for i := range 16 {
		all.Go(func() {
			if _, err := authority.Renew(dir, i%2 == 0); err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	signed, err := tls.LoadX509KeyPair(authority.Paths(dir, authority.Name))
	require.NoError(t, err)
	for _, name := range authority.Services {
		pair, err := tls.LoadX509KeyPair(authority.Paths(dir, name))
		require.NoError(t, err, name)
		require.NoError(t, pair.Leaf.CheckSignatureFrom(signed.Leaf), name)
	}
}

// Of two who set up one folder at once one is told that it is there, and what is there is whole.
func TestInitTwiceAtOnceMakesOneAuthority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/certs"
	var all sync.WaitGroup
	done := make(chan error, 8)
	for range 8 {
		all.Go(func() { done <- authority.Init(dir, nil) })
	}
	all.Wait()
	close(done)
	made := 0
	for err := range done {
		if err == nil {
			made++
			continue
		}
		require.ErrorContains(t, err, "is there already")
	}
	require.Equal(t, 1, made)
	for _, name := range append([]string{authority.Name}, authority.Services...) {
		_, err := tls.LoadX509KeyPair(authority.Paths(dir, name))
		require.NoError(t, err, name)
	}
}
