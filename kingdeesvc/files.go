package kingdeesvc

import (
	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// The settings whose files are followed beside those of every service.
const (
	appSecretFile = "KINGDEE_APP_SECRET_FILE" //nolint:gosec // the setting that names it
	passwordFile  = "KINGDEE_PASSWORD_FILE"
	caFile        = "KINGDEE_CA_FILE"
)

// follow goes by what the files hold while the service runs: whom we trust as Kingdee, and the secret of the way in. A
// session that is open goes on with the secret that it was opened with.
func (s *Server) follow(files *watched.Files, cfg Config) {
	// One goroutine loads what has changed, so these need no lock. pool is read by others.
	current := &cfg
	s.followSecret(files, current, appSecretFile, cfg.files.appSecret, &current.AppSecret)
	s.followSecret(files, current, passwordFile, cfg.files.password, &current.Password)
	if cfg.files.ca != "" {
		pool := access.NewHeldPool(cfg.CA)
		files.Follow(watched.Source{
			Setting: caFile, Paths: watched.At(cfg.files.ca), Ends: pool.End,
			Load: func() error {
				changed, err := pool.Load(cfg.files.ca)
				if changed {
					s.client.Trust(pool.Beside(), cfg.Pins)
					s.askAgain()
				}
				return err
			},
		})
	}
	serve.FollowFiles(s.Life, s.grpc, s.telemetry.Registry, files)
}

// followSecret exchanges a secret of the way in whose file is at path; into is where it stands in the settings.
func (s *Server) followSecret(
	files *watched.Files, current *Config, setting, path string, into *kingdee.Secret,
) {
	if path == "" {
		return
	}
	files.Follow(watched.Source{
		Setting: setting, Paths: watched.At(path),
		Load: func() error {
			secret, err := settings.ReadSecret(path)
			if err != nil || secret == *into {
				return err
			}
			before := *into
			*into = secret
			auth, header, err := current.auth()
			if err != nil {
				*into = before
				return err
			}
			s.client.Change(auth, header)
			s.askAgain()
			return nil
		},
	})
}

// askAgain lets the probe ask at once where something may be mended by now.
func (s *Server) askAgain() {
	select {
	case s.wake <- struct{}{}:
	default: // it is about to ask anyway
	}
}
