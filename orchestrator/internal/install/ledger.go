package install

import (
	"context"
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// SchemaVersion is the version of the ledger in the database at url, 0 where there is none yet.
func SchemaVersion(ctx context.Context, url string) (int64, error) {
	pool, err := ledger.Open(ctx, url)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	const table = ledger.Schema + ".schema_version"
	var there bool
	if err := pool.QueryRow(ctx, `select to_regclass($1) is not null`, table).Scan(&there); err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	if !there {
		return 0, nil
	}
	var version int64
	if err := pool.QueryRow(ctx,
		`select coalesce(max(version_id), 0) from `+table+` where is_applied`).Scan(&version); err != nil {
		return 0, fmt.Errorf("schema version: %w", err)
	}
	return version, nil
}

// Leased counts the cancellations that some process has in hand, and says when its lease on the last of them runs out.
// Asked before our own process works, they are another's, which may be dead.
func (d *Database) Leased(ctx context.Context) (n int, until time.Time, err error) {
	pool, err := ledger.Open(ctx, d.url)
	if err != nil {
		return 0, until, err
	}
	defer pool.Close()
	var seconds float64
	const leases = `
select count(*), coalesce(extract(epoch from max(greatest(lease_until, batch_until)) - now()), 0)::float8
from voidrelay.unsettled_cancellation where state = 'open' and greatest(lease_until, batch_until) > now()`
	if err := pool.QueryRow(ctx, leases).Scan(&n, &seconds); err != nil {
		return 0, until, fmt.Errorf("look for leases: %w", err)
	}
	return n, time.Now().Add(time.Duration(seconds * float64(time.Second))), nil
}

// BringSchemes applies the schemes file that the settings name, if it changed, by an act of the program that is being
// started, and answers what it did; nothing for a ledger that has no scheme yet, which takes its first file by itself,
// and where no file is named. See revision.Bring.
func (d *Database) BringSchemes(
	ctx context.Context, getenv func(string) string, program string,
) (brought revision.Standing, err error) {
	file := settings.New(getenv).Text("SCHEMES_FILE", "")
	if empty, err := d.Empty(ctx); file == "" || empty || err != nil {
		return brought, err
	}
	schemes, err := scheme.LoadFile(file)
	if err != nil {
		return brought, err
	}
	pool, err := ledger.Open(ctx, d.url)
	if err != nil {
		return brought, err
	}
	defer pool.Close()
	return revision.Bring(ctx, pool, ledger.Act{
		Actor: program, Reason: "the file changed before the start (启动前文件已更改): " + file,
	}, schemes)
}

// eachBaseline is how often Baselines looks.
const eachBaseline = 2 * time.Second

// Baselines tells each scheme once it has read all there is, or has stopped, until all are told or ctx ends. It reads
// the ledger and asks nobody for anything. A database that does not answer is asked again.
func (d *Database) Baselines(ctx context.Context, tell func(ledger.SchemeView)) error {
	pool, err := ledger.Open(ctx, d.url)
	if err != nil {
		return err
	}
	defer pool.Close()
	tick := time.NewTicker(eachBaseline)
	defer tick.Stop()
	told := make(map[string]bool)
	for {
		all, err := query.New(pool).SchemeViews(ctx, "", maxSchemes)
		waiting := err != nil
		for _, v := range all {
			switch {
			case told[v.Scheme]:
			case v.WatermarkTime.IsZero() && v.State != "stopped":
				waiting = true
			default:
				told[v.Scheme] = true
				tell(v)
			}
		}
		if !waiting {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// maxSchemes is what a file may hold, and more.
const maxSchemes = 1000
