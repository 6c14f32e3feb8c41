package migrate

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Standing is what a database is to this program. Reading it changes nothing there.
type Standing struct {
	// There is the version of the ledger's tables, 0 where there is no ledger; Known is what this program knows.
	There, Known int64
	// WordsDiffer: the report views, verdicts or kinds of conditions are another program's. Not read where the versions
	// differ.
	WordsDiffer bool
	// OtherBuild: another build made the tables, under versions that this program knows, too.
	OtherBuild bool
}

// StandingOf reads how a database stands. The role needs no more than to connect; without the right to read the ledger
// the error says so.
func StandingOf(ctx context.Context, pool *pgxpool.Pool) (s Standing, err error) {
	if s.Known, err = knownVersion(); err != nil {
		return s, err
	}
	var there bool
	if err := pool.QueryRow(ctx, `select to_regclass($1) is not null`,
		ledger.Schema+".schema_version").Scan(&there); err != nil || !there {
		return s, err
	}
	if err := pool.QueryRow(ctx, `select coalesce(max(version_id), 0) from `+ledger.Schema+
		`.schema_version where is_applied`).Scan(&s.There); err != nil || s.There > s.Known {
		return s, err
	}
	if s.OtherBuild, err = otherBuild(ctx, pool, s.There); err != nil || s.OtherBuild || s.There != s.Known {
		return s, err
	}
	if s.WordsDiffer, err = viewsDiffer(ctx, pool, reporting); err != nil || s.WordsDiffer {
		return s, err
	}
	if s.WordsDiffer, err = verdictsDiffer(ctx, pool); err != nil || s.WordsDiffer {
		return s, err
	}
	s.WordsDiffer, err = conditionKindsDiffer(ctx, pool)
	return s, err
}

// knownVersion is the newest of this program's migrations.
func knownVersion() (newest int64, err error) {
	ours, err := fingerprints()
	for version := range ours {
		newest = max(newest, version)
	}
	return newest, err
}

// Rights are what the role of a connection may do in a ledger, held against what the running role is granted.
type Rights struct {
	// Role is the connection's role, Owner the ledger's. Owns: Role is that one, or a member of it.
	Role, Owner string
	Owns        bool
	// Superuser may do everything, whatever was granted.
	Superuser bool
	// Missing are rights that the running role has and this one has not; Excess what the running role was denied and
	// this one has. Each is like "insert on voidrelay.bill", sorted. An owner has none of either.
	Missing, Excess []string
}

// RightsOf compares the rights of a connection's role with what --print-grants grants. It is for a database that has a
// ledger of this program's version.
func RightsOf(ctx context.Context, pool *pgxpool.Pool) (r Rights, err error) {
	const who = `
select current_user::text, (select pg_get_userbyid(nspowner) from pg_namespace where nspname = $1),
       pg_has_role((select nspowner from pg_namespace where nspname = $1), 'usage'),
       (select rolsuper from pg_roles where rolname = current_user)`
	if err := pool.QueryRow(ctx, who, ledger.Schema).Scan(&r.Role, &r.Owner, &r.Owns, &r.Superuser); err != nil {
		return r, fmt.Errorf("look for the role: %w", err)
	}
	if r.Owns {
		return r, nil
	}
	rows, err := pool.Query(ctx, `
select n.nspname || '.' || c.relname as name,
       array_remove(array[
           case when has_table_privilege(c.oid, 'select') then 'select' end,
           case when has_table_privilege(c.oid, 'insert') then 'insert' end,
           case when has_table_privilege(c.oid, 'update') then 'update' end,
           case when has_table_privilege(c.oid, 'delete') then 'delete' end], null) as may
from pg_namespace n
join pg_class c on c.relnamespace = n.oid
where n.nspname in ($1, 'reporting') and c.relkind in ('r', 'p', 'v') and not c.relispartition`, ledger.Schema)
	if err != nil {
		return r, fmt.Errorf("look for rights: %w", err)
	}
	type relation struct {
		Name string
		May  []string
	}
	relations, err := pgx.CollectRows(rows, pgx.RowToStructByName[relation])
	if err != nil {
		return r, fmt.Errorf("look for rights: %w", err)
	}
	denied := deniedRights()
	for _, rel := range relations {
		wanted := []string{"select"}
		if strings.HasPrefix(rel.Name, ledger.Schema+".") {
			wanted = []string{"select", "insert", "update", "delete"}
		}
		for _, right := range wanted {
			switch may, no := slices.Contains(rel.May, right), denied[right+" on "+rel.Name]; {
			case !no && !may:
				r.Missing = append(r.Missing, right+" on "+rel.Name)
			case no && may:
				r.Excess = append(r.Excess, right+" on "+rel.Name)
			}
		}
	}
	if err := r.addFunctions(ctx, pool); err != nil {
		return r, err
	}
	slices.Sort(r.Missing)
	slices.Sort(r.Excess)
	return r, nil
}

// addFunctions looks for the functions that do what needs the owner, and whether the role may make things of its own.
func (r *Rights) addFunctions(ctx context.Context, pool *pgxpool.Pool) error {
	for _, function := range grantedFunctions() {
		var may bool
		const ask = `select coalesce(has_function_privilege(to_regprocedure($1), 'execute'), false)`
		if err := pool.QueryRow(ctx, ask, function).Scan(&may); err != nil {
			return fmt.Errorf("look for rights: %w", err)
		}
		if !may {
			r.Missing = append(r.Missing, "execute on "+function)
		}
	}
	for _, schema := range []string{ledger.Schema, "reporting"} {
		var may bool
		if err := pool.QueryRow(ctx, `select has_schema_privilege($1, 'create')`, schema).Scan(&may); err != nil {
			return fmt.Errorf("look for rights: %w", err)
		}
		if may {
			r.Excess = append(r.Excess, "create on schema "+schema)
		}
	}
	return nil
}

var (
	comment  = regexp.MustCompile(`(?m)--.*$`)
	revoked  = regexp.MustCompile(`(?s)revoke ([a-z, ]+?)\s+on (voidrelay\.[^;]*?)\s+from \{running\}`)
	executed = regexp.MustCompile(`(?s)grant execute\s+on function ([^;]*?)\s+to \{running\}`)
)

// deniedRights are what the grants take away again from the running role, read from them, so that both say the same.
func deniedRights() map[string]bool {
	denied := make(map[string]bool)
	for _, match := range revoked.FindAllStringSubmatch(comment.ReplaceAllString(runningGrants, ""), -1) {
		for right := range strings.SplitSeq(match[1], ",") {
			for table := range strings.SplitSeq(match[2], ",") {
				denied[strings.TrimSpace(right)+" on "+strings.TrimSpace(table)] = true
			}
		}
	}
	return denied
}

// grantedFunctions are those that the running role may execute, such as voidrelay.make_evidence_months().
func grantedFunctions() []string {
	granted := make(map[string]bool)
	for _, match := range executed.FindAllStringSubmatch(comment.ReplaceAllString(runningGrants, ""), -1) {
		for function := range strings.SplitSeq(match[1], ",") {
			granted[strings.TrimSpace(function)] = true
		}
	}
	return slices.Sorted(maps.Keys(granted))
}
