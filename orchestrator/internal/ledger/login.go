package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tryFor is how long an address is tried before it counts untried.
const tryFor = 2 * time.Second

// Login is how new connections log in, which is exchanged while a program runs: a password that changes counts without
// a restart. Safe for concurrent use.
type Login struct {
	first *pgx.ConnConfig
	now   atomic.Pointer[pgx.ConnConfig]
}

// NewLogin begins with this address. An error has no character of it.
func NewLogin(url string) (*Login, error) {
	config, err := parseLogin(url)
	if err != nil {
		return nil, err
	}
	l := &Login{first: config}
	l.now.Store(config)
	return l, nil
}

func parseLogin(url string) (*pgx.ConnConfig, error) {
	if err := CheckURL(url); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url) // it takes the pool's own settings out
	if err != nil {
		return nil, errURL
	}
	return config.ConnConfig, nil
}

// Exchange lets new connections log in by another address, or answers why they do not, without a character of it: it
// must lead to the same database, since those that are there would stay at the former one, and a server that is
// reached must let it in. Connections that are there go on.
func (l *Login) Exchange(ctx context.Context, url string) error {
	next, err := parseLogin(url)
	if err != nil {
		return err
	}
	if next.Host != l.first.Host || next.Port != l.first.Port || next.Database != l.first.Database {
		return errors.New("it leads to another server or database, which counts with the next start only")
	}
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, next.Copy())
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refusesLogin(refused.Code) {
		return fmt.Errorf("the database refuses this login (SQLSTATE %s)", refused.Code)
	}
	if err == nil {
		_ = conn.Close(ctx) // it was a try
	}
	l.now.Store(next)
	return nil
}

// refusesLogin says whether Postgres knows better who may log in: class 28, invalid authorization.
func refusesLogin(code string) bool { return len(code) == 5 && code[:2] == "28" }

// Guard makes a pool log in by the newest address; for OpenGuarded, after what else guards it.
func (l *Login) Guard(cfg *pgxpool.Config) {
	before := cfg.BeforeConnect
	cfg.BeforeConnect = func(ctx context.Context, config *pgx.ConnConfig) error {
		newest := l.now.Load().Copy()
		config.User, config.Password = newest.User, newest.Password
		config.TLSConfig, config.Fallbacks = newest.TLSConfig, newest.Fallbacks
		if before != nil {
			return before(ctx, config)
		}
		return nil
	}
}
