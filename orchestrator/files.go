package orchestrator

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	adapterTokenFile = "ADAPTER_TOKEN_FILE" //nolint:gosec // the setting that names it
	databaseURLFile  = "DATABASE_URL_FILE"
)

// followLogin lets new connections to the database log in as the file says by then.
func (s *Server) followLogin(login *ledger.Login, path string) {
	if path == "" {
		return
	}
	s.files.Follow(watched.Source{
		Setting: databaseURLFile, Paths: watched.At(path),
		Load: func() error {
			url, err := settings.ReadSecret(path)
			if err != nil {
				return err
			}
			if err := login.Exchange(context.Background(), url.Reveal()); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			return nil
		},
	})
}

// ways are what we show the adapters and whom we trust as one, as the files have them by now.
type ways struct {
	token atomic.Pointer[settings.Secret]
	tls   []access.Exchangeable
	// end is when the first authority of ADAPTER_CA_FILE ends, in seconds since 1970; 0: none.
	end atomic.Int64
}

// hold lets a way go by what the files hold by then.
func (w *ways) hold(cfg Config, way *serve.DialOptions) {
	token := cfg.AdapterToken
	w.token.Store(&token)
	if way.Token != "" {
		way.Current = func() settings.Secret { return *w.token.Load() }
	}
	if way.TLS != nil {
		held := access.NewExchangeable(way.TLS)
		w.tls = append(w.tls, held)
		way.TLS = held
	}
}

// follow reads the files again when they change, once all ways are held. A connection that is there goes on.
func (w *ways) follow(files *watched.Files, cfg Config) {
	if path := cfg.adapterTokenFile; path != "" {
		files.Follow(watched.Source{
			Setting: adapterTokenFile, Paths: watched.At(path),
			Load: func() error {
				token, err := settings.ReadSecret(path)
				if err == nil {
					w.token.Store(&token)
				}
				return err
			},
		})
	}
	if len(w.tls) == 0 {
		return
	}
	exchange := func() error {
		next, err := cfg.adapterTLS()
		if err != nil {
			return err
		}
		for _, held := range w.tls {
			held.Exchange(next)
		}
		return nil
	}
	if cfg.AdapterCA != "" {
		files.Follow(watched.Source{
			Setting: "ADAPTER_CA_FILE", Paths: watched.At(cfg.AdapterCA),
			Load: func() error {
				end, err := access.EndOf(cfg.AdapterCA)
				if err != nil {
					return err
				}
				if err := exchange(); err != nil {
					return err
				}
				w.end.Store(end.Unix())
				return nil
			},
			Ends: func() time.Time {
				if end := w.end.Load(); end != 0 {
					return time.Unix(end, 0)
				}
				return time.Time{}
			},
		})
	}
	if cfg.Access.Cert != "" {
		files.Follow(watched.Source{
			Setting: "TLS_CERT_FILE", Paths: watched.At(cfg.Access.Cert, cfg.Access.Key), Load: exchange,
		})
	}
}
