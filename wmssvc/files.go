package wmssvc

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
)

// The settings whose files are followed beside those of every service.
const (
	accountsSetting = "WMS_ACCOUNTS_FILE"
	appKeyFile      = "WMS_APP_KEY_FILE"
	appSecretFile   = "WMS_APP_SECRET_FILE" //nolint:gosec // the setting that names it
	caFile          = "WMS_CA_FILE"
	dictionaryFile  = "WMS_DICTIONARY"
)

// followed are the accounts as the files had them last. One goroutine changes them, so there is no lock.
type followed struct {
	server *Server
	// own is the account of the environment, at most one; others are those of the accounts file.
	own, others []Account
	// ends is when the first certificate ends that the accounts file names, in seconds since 1970; 0: none.
	ends atomic.Int64
}

// follow goes by what the files hold while the service runs.
func (s *Server) follow(files *watched.Files, cfg Config) {
	f := &followed{server: s}
	for _, a := range cfg.Accounts {
		if a.file == "" {
			f.own = append(f.own, a)
		} else {
			f.others = append(f.others, a)
		}
	}
	if cfg.DictionaryFile != "" {
		files.Follow(watched.Source{
			Setting: dictionaryFile, Paths: watched.At(cfg.DictionaryFile),
			Load: func() error {
				words, err := loadDictionary(cfg.DictionaryFile)
				if err == nil {
					s.learn(words)
				}
				return err
			},
		})
	}
	if len(f.own) > 0 {
		f.followOwn(files)
	}
	if cfg.accountsFile != "" {
		files.Follow(watched.Source{
			Setting: accountsSetting, Paths: func() []string { return filesOf(cfg.accountsFile) },
			Load: func() error { return f.loadOthers(cfg.accountsFile) },
			Ends: func() time.Time {
				if end := f.ends.Load(); end != 0 {
					return time.Unix(end, 0)
				}
				return time.Time{}
			},
		})
	}
	serve.FollowFiles(s.Life, s.grpc, s.telemetry.Registry, files)
}

// followOwn follows the files of the account that the environment describes.
func (f *followed) followOwn(files *watched.Files) {
	own := f.own[0]
	for _, secret := range []struct {
		setting, path string
		into          func(*Account) *settings.Secret
	}{
		{appKeyFile, own.appKeyFile, func(a *Account) *settings.Secret { return &a.AppKey }},
		{appSecretFile, own.appSecretFile, func(a *Account) *settings.Secret { return &a.AppSecret }},
	} {
		if secret.path == "" {
			continue
		}
		files.Follow(watched.Source{
			Setting: secret.setting, Paths: watched.At(secret.path),
			Load: func() error {
				next, err := settings.ReadSecret(secret.path)
				if err != nil {
					return err
				}
				changed := f.own[0]
				*secret.into(&changed) = next
				return f.take([]Account{changed}, f.others)
			},
		})
	}
	if own.CAFile == "" {
		return
	}
	pool := access.NewHeldPool(nil)
	files.Follow(watched.Source{
		Setting: caFile, Paths: watched.At(own.CAFile), Ends: pool.End,
		Load: func() error {
			if _, err := pool.Load(own.CAFile); err != nil {
				return err
			}
			changed := f.own[0]
			changed.ca = pool.Pool()
			return f.take([]Account{changed}, f.others)
		},
	})
}

// loadOthers reads the accounts file and the files that it names: all of them count, or none.
func (f *followed) loadOthers(path string) error {
	others, _, err := loadAccounts(path)
	if err != nil {
		return err
	}
	var first time.Time
	for i := range others {
		if others[i].CAFile == "" {
			continue
		}
		// What is told of its end is what is used.
		if others[i].ca, err = access.LoadPool(others[i].CAFile); err != nil {
			return err
		}
		if end := others[i].ca.End(); first.IsZero() || end.Before(first) {
			first = end
		}
	}
	if err := f.take(f.own, others); err != nil {
		return err
	}
	f.ends.Store(0)
	if !first.IsZero() {
		f.ends.Store(first.Unix())
	}
	return nil
}

// take makes the service serve these accounts, where they are sound.
func (f *followed) take(own, others []Account) error {
	plans, err := planAccounts(slices.Concat(own, others), nothingTold)
	if err != nil {
		return err
	}
	f.own, f.others = own, others
	f.server.serve(plans)
	return nil
}

// serve changes the accounts that are served into these.
func (s *Server) serve(plans []account.Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	var next []*served
	for _, plan := range plans {
		i := slices.IndexFunc(s.accounts, func(a *served) bool { return a.Name() == plan.Name })
		if i >= 0 {
			if s.accounts[i].Change(plan) {
				s.logger.Info("an account goes by other settings", "account", plan.Name)
			}
			next = append(next, s.accounts[i])
			continue
		}
		added := s.newAccount(plan)
		added.Forget()
		s.reach.add(plan.Name)
		s.attend(added)
		next = append(next, added)
		s.logger.Info("an account is served that was not", "account", plan.Name)
	}
	before := s.accounts
	s.accounts = next
	s.service.Serve(s.served())
	for _, a := range before {
		if !slices.Contains(next, a) {
			a.stopAttending()
			s.reach.drop(a.Name())
			a.Close()
			s.logger.Info("an account is served no more", "account", a.Name())
		}
	}
}
