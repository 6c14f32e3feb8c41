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

// Roles are the three roles of a ledger. An empty name is the default's.
type Roles struct {
	// Owner migrates the ledger, and with it owns it. A ledger that is there has one, whatever this says. Default:
	// voidrelay_owner.
	Owner string
	// Running is the orchestrator's: it keeps the ledger and owns nothing. Default: voidrelay_app.
	Running string
	// Reader reads the views of the schema reporting, and nothing else. Default: voidrelay_reader.
	Reader string
}

// The names of the roles, unless somebody says others.
const (
	OwnerRole   = "voidrelay_owner"
	RunningRole = "voidrelay_app"
	ReaderRole  = "voidrelay_reader"
)

//go:embed roles/owner.sql
var makeOwner string

//go:embed roles/make.sql
var makeRoles string

//go:embed roles/running.sql
var runningGrants string

//go:embed roles/reader.sql
var readerGrants string

// roleName is what a role may be called here: it stands in texts for people, too.
var roleName = regexp.MustCompile(`^[\pL_][\pL\pN_.@-]{0,62}$`)

// Check refuses names that no role can have, or that are the same.
func (r Roles) Check() error {
	r = r.orDefaults()
	for _, name := range []string{r.Owner, r.Running, r.Reader} {
		if !roleName.MatchString(name) {
			return fmt.Errorf("%q is no name for a role: letters, digits, _ . @ and -, at most 63", name)
		}
	}
	switch {
	case r.Running == r.Reader:
		return fmt.Errorf("the running role and the reader are both %q: the reader may only read reports", r.Running)
	case r.Owner == r.Running || r.Owner == r.Reader:
		return fmt.Errorf("the owner is %q, too: the other roles may change nothing of the tables", r.Owner)
	}
	return nil
}

func (r Roles) orDefaults() Roles {
	return Roles{
		Owner: cmp.Or(r.Owner, OwnerRole), Running: cmp.Or(r.Running, RunningRole),
		Reader: cmp.Or(r.Reader, ReaderRole),
	}
}

// SQL makes the three roles where they are not there and grants them what each may do, with comments for people. It is
// run by somebody who may create roles, any number of times, before the first migration or after any; in a database
// with a ledger, as its owner or as a superuser.
func (r Roles) SQL() string {
	return r.fill(`-- The roles of a voidrelay ledger, and what each may do. Run this in its database, before the first
-- "voidrelay migrate" or after any, as somebody who may create roles (and, with a ledger there, as a superuser or its
-- owner):
--     voidrelay migrate --print-grants | psql "$DATABASE_URL"
-- Every "voidrelay migrate" grants anew what {running} and {reader} may do, with what it adds.

begin;

` + makeRoles + "\n" + makeOwner + `
do $grants$ begin

if to_regclass('voidrelay.schema_version') is null then
    raise notice 'no ledger yet: "voidrelay migrate" as {owner} makes it and grants the rest';
    return;
end if;

` + runningGrants + "\n" + readerGrants + `
end $grants$;

commit;
`)
}

// fill puts the names of the roles into a text.
func (r Roles) fill(text string) string {
	r = r.orDefaults()
	return strings.NewReplacer(
		"{owner}", pgx.Identifier{r.Owner}.Sanitize(), "{owner_text}", "'"+r.Owner+"'",
		"{running}", pgx.Identifier{r.Running}.Sanitize(), "{running_text}", "'"+r.Running+"'",
		"{reader}", pgx.Identifier{r.Reader}.Sanitize(), "{reader_text}", "'"+r.Reader+"'").Replace(text)
}

// grant makes the roles and gives them their rights. Where this is not allowed, the note says what an administrator may
// run.
func (r Roles) grant(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	for _, text := range []string{makeRoles, runningGrants, readerGrants} {
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
