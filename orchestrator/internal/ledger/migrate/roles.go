package migrate

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Roles are the two roles that a ledger knows beside its owner, who migrates it. An empty name is the default's.
type Roles struct {
	// Running is the orchestrator's: it keeps the ledger and owns nothing. Default: voidrelay_app.
	Running string
	// Reader reads the views of the schema reporting, and nothing else. Default: voidrelay_reader.
	Reader string
}

// The names of the roles, unless somebody says others.
const (
	RunningRole = "voidrelay_app"
	ReaderRole  = "voidrelay_reader"
)

//go:embed roles/running.sql
var runningGrants string

//go:embed roles/reader.sql
var readerGrants string

// roleName is what a role may be called here: it stands in texts for people, too.
var roleName = regexp.MustCompile(`^[\pL_][\pL\pN_.@-]{0,62}$`)

// Check refuses names that no role can have, or that are the same.
func (r Roles) Check() error {
	running, reader := cmp.Or(r.Running, RunningRole), cmp.Or(r.Reader, ReaderRole)
	for _, name := range []string{running, reader} {
		if !roleName.MatchString(name) {
			return fmt.Errorf("%q is no name for a role: letters, digits, _ . @ and -, at most 63", name)
		}
	}
	if running == reader {
		return fmt.Errorf("the running role and the reader are both %q: the reader may only read reports", running)
	}
	return nil
}

// SQL makes the two roles where they are not there and grants them what each may do, with comments for people. It is
// run by somebody who may create roles and owns the ledger, any number of times, once the ledger is migrated.
func (r Roles) SQL() string {
	return `-- The roles of a voidrelay ledger beside its owner, and what each may do. Run this once, after
-- "voidrelay migrate", as the owner of the ledger if it may create roles, or as a superuser:
--     voidrelay migrate --print-grants | psql "$DATABASE_URL"
-- Later migrations grant the same anew, and for what they add, to roles of these names.

begin;

` + r.fill(runningGrants) + "\n" + r.fill(readerGrants) + "\ncommit;\n"
}

// fill puts the names of the roles into a text.
func (r Roles) fill(text string) string {
	running, reader := cmp.Or(r.Running, RunningRole), cmp.Or(r.Reader, ReaderRole)
	return strings.NewReplacer(
		"{running}", pgx.Identifier{running}.Sanitize(), "{running_text}", "'"+running+"'",
		"{reader}", pgx.Identifier{reader}.Sanitize(), "{reader_text}", "'"+reader+"'").Replace(text)
}

// grant makes the roles and gives them their rights. Where this is not allowed, the note says what an administrator may
// run.
func (r Roles) grant(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	for _, text := range []string{runningGrants, readerGrants} {
		grants := func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, r.fill(text))
			return err
		}
		err := pgx.BeginFunc(ctx, pool, grants)
		if ledger.SQLState(err) == ledger.CodeUniqueViolation {
			// A migration of another database on this server made the role at the same moment: now it is there.
			err = pgx.BeginFunc(ctx, pool, grants)
		}
		if ledger.SQLState(err) == ledger.CodeInsufficientRight {
			return []string{"the roles for the orchestrator and for reports are not there, and this one may not " +
				"make them: " +

				"an administrator may run what `voidrelay migrate --print-grants` prints; " +
				"当前用户无权建立运行角色和报表角色，请管理员执行 voidrelay migrate --print-grants 输出的语句"}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("grant: %w", err)
		}
	}
	return nil, nil
}

// ErrNotOwner says that a ledger belongs to another role than the one that would migrate it.
var ErrNotOwner = errors.New("the ledger belongs to another role")

// checkOwner refuses to migrate a ledger that is not ours.
func checkOwner(ctx context.Context, pool *pgxpool.Pool) error {
	owner, me, err := owners(ctx, pool)
	if err != nil {
		return err
	}
	if owner != "" {
		return fmt.Errorf("%w: it is %s's, and this is %s; run `voidrelay migrate` with the DATABASE_URL of the "+
			"owner; "+

			"账本属于 %[2]s，当前用户是 %[3]s，请用所有者的 DATABASE_URL 运行 voidrelay migrate", ErrNotOwner, owner, me)
	}
	return nil
}

// owners answers whose the ledger is, if it is there and this role is not, nor belongs to, its owner.
func owners(ctx context.Context, pool *pgxpool.Pool) (owner, me string, err error) {
	const ask = `
select coalesce((select pg_get_userbyid(nspowner) from pg_namespace
                 where nspname = $1 and not pg_has_role(nspowner, 'usage')), ''), current_user::text`
	if err := pool.QueryRow(ctx, ask, ledger.Schema).Scan(&owner, &me); err != nil {
		return "", "", fmt.Errorf("look for the ledger's owner: %w", err)
	}
	return owner, me, nil
}

// MayMigrate says whether the role of a pool may migrate the ledger: it owns it, or there is none yet.
func MayMigrate(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	owner, _, err := owners(ctx, pool)
	return owner == "", err
}

// checkRights refuses a role that may not even read the ledger, or that a migration has not given what it added.
func checkRights(ctx context.Context, pool *pgxpool.Pool) error {
	const ask = `
select current_user::text,
       coalesce(min(n.nspname || '.' || c.relname) filter (where not has_table_privilege(c.oid, 'select')), '')
from pg_namespace n
join pg_class c on c.relnamespace = n.oid
where n.nspname in ($1, 'reporting') and c.relkind in ('r', 'p', 'v') and not c.relispartition`
	var me, missing string
	if err := pool.QueryRow(ctx, ask, ledger.Schema).Scan(&me, &missing); err != nil {
		return err
	}
	if missing == "" {
		return nil
	}
	return fmt.Errorf("the role %[1]s may not use the ledger (such as %[2]s): let its owner run what `voidrelay "+
		"migrate "+

		"--print-grants` prints, and make %[1]s the running role or a member of it; "+
		"用户 %[1]s 没有使用账本的权限（如 %[2]s），请账本所有者执行 voidrelay migrate --print-grants 输出的语句，"+
		"并把该用户设为运行角色或其成员", me, missing)
}
