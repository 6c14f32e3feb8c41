package host

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	// beatEvery is how often a host gives its sign of life, and beatWithin how long writing one may take.
	beatEvery  = 10 * time.Second
	beatWithin = 5 * time.Second
	// GoneAfter is how old the sign of life of a host is that counts as gone.
	GoneAfter = 2 * time.Minute
	// steadyFor is how long a host has given its own without a gap before it ends what others left: after an outage of
	// the ledger every sign is old, and the others need a moment, too.
	steadyFor = 3 * beatEvery
)

// Beat gives the sign of life of one host and ends the conditions of hosts that give none any more.
type Beat struct {
	pool          *pgxpool.Pool
	name, version string
	logger        *slog.Logger
	// last is when the last sign was written, and steady since when none was missed.
	last, steady time.Time
}

// NewBeat is for the host of this name and version.
func NewBeat(pool *pgxpool.Pool, name, version string, logger *slog.Logger) *Beat {
	return &Beat{pool: pool, name: name, version: version, logger: logger}
}

// Run gives the sign of life until stopping is closed. The first one is written before work begins, by Give.
func (b *Beat) Run(stopping <-chan struct{}) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-stopping:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), beatWithin)
		// That the ledger is away is told by whoever watches the ledger.
		_ = b.Give(ctx, time.Now())
		cancel()
	}
}

// Give writes one sign of life, and ends the conditions of hosts whose last one is older than GoneAfter.
func (b *Beat) Give(ctx context.Context, now time.Time) error {
	_, err := b.pool.Exec(ctx, `
insert into host (host, version) values ($1, $2)
on conflict (host) do update set beat_time = now(), version = excluded.version`, b.name, b.version)
	if err != nil {
		return fmt.Errorf("sign of life: %w", err)
	}
	if now.Sub(b.last) > steadyFor {
		b.steady = now
	}
	b.last = now
	if now.Sub(b.steady) < steadyFor {
		return nil
	}
	return b.endOfGone(ctx)
}

// endOfGone ends the conditions of hosts that are gone.
func (b *Beat) endOfGone(ctx context.Context) error {
	var ended []ledger.Condition
	err := ledger.InTx(ctx, b.pool, func(tx pgx.Tx) (err error) {
		ended, err = ledger.EndConditions(ctx, tx, "its host is gone", `o.host not in ('', @host) and not exists (
        select from host h where h.host = o.host and h.beat_time > now() - @gone::interval)`,
			pgx.StrictNamedArgs{"host": b.name, "gone": GoneAfter})
		return err
	})
	if err != nil {
		return fmt.Errorf("end conditions of hosts that are gone: %w", err)
	}
	for _, c := range ended {
		b.logger.WarnContext(ctx, "a host gives no sign of life; its condition ends", slog.String("host", c.Host),
			slog.String("kind", string(c.Kind)))
	}
	return nil
}
