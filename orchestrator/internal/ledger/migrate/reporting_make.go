package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// viewMaker makes views in one transaction.
type viewMaker struct {
	tx      pgx.Tx
	there   map[string]string // what viewHashes found, without what was dropped since
	dropped []viewRight
	made    []string
}

// viewRight is a statement that gives a view that is made anew an owner or a grant that stood on it. Column is empty
// unless the grant is on a column.
type viewRight struct {
	View      string
	Column    string
	Statement string
}

// make makes one view, if its file has changed or it is not there. Those that it reads are made already.
func (m *viewMaker) make(ctx context.Context, v reportView) error {
	hash, there := m.there[v.name]
	switch {
	case !there:
		if _, err := m.tx.Exec(ctx, v.text); err != nil {
			return err
		}
	case hash == v.hash:
		return nil
	case hash == "":
		return errNotOurs
	default:
		if err := m.replace(ctx, v); err != nil {
			return err
		}
	}
	m.made = append(m.made, v.name)
	if err := m.comment(ctx, v); err != nil {
		return err
	}
	_, err := m.tx.Exec(ctx, `
insert into reporting_view (view, content_hash) values ($1, $2)
on conflict (view) do update set content_hash = excluded.content_hash, make_time = excluded.make_time`, v.name, v.hash)
	return err
}

// replace lets Postgres decide whether a view can stay where it is: it refuses when a column would be another or
// missing.
func (m *viewMaker) replace(ctx context.Context, v reportView) error {
	err := pgx.BeginFunc(ctx, m.tx, func(savepoint pgx.Tx) error {
		_, err := savepoint.Exec(ctx, v.text)
		return err
	})
	if ledger.SQLState(err) != ledger.CodeInvalidTableDefinition {
		return err
	}
	if err := m.drop(ctx, v.name); err != nil {
		return err
	}
	_, err = m.tx.Exec(ctx, v.text)
	return err
}

// drop drops a view and those of ours that read it, whose turn to be made anew comes after this one's.
func (m *viewMaker) drop(ctx context.Context, view string) error {
	rows, err := m.tx.Query(ctx, `
with recursive readers as (
    select c.oid from pg_class c where c.relnamespace = 'reporting'::regnamespace and c.relname = $1
    union
    select w.ev_class
    from readers r
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.oid
        and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite w on w.oid = d.objid
)
select c.relname::text
from readers r
join pg_class c on c.oid = r.oid
join reporting_view v on v.view = c.relname
where c.relnamespace = 'reporting'::regnamespace`, view)
	if err != nil {
		return err
	}
	views, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	rights, err := m.rights(ctx, views)
	if err != nil {
		return err
	}
	m.dropped = append(m.dropped, rights...)
	return m.dropAll(ctx, views)
}

// rights are the owner and the grants of views.
func (m *viewMaker) rights(ctx context.Context, views []string) ([]viewRight, error) {
	rows, err := m.tx.Query(ctx, `
with view as (
    select c.oid, c.relname, c.relowner, c.relacl
    from pg_class c
    where c.relnamespace = 'reporting'::regnamespace and c.relname = any($1)
)
select v.relname::text as view, '' as column,
       format('alter view reporting.%I owner to %I', v.relname, pg_get_userbyid(v.relowner)) as statement
from view v
where pg_get_userbyid(v.relowner) <> current_user
union all
select g.relname::text, coalesce(g.attname::text, ''),
       format('grant %s%s on reporting.%I to %s%s', a.privilege_type, '(' || quote_ident(g.attname) || ')', g.relname,
              case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
              case when a.is_grantable then ' with grant option' end)
from (
    select v.relname, v.relowner, null::name as attname, v.relacl as acl from view v
    union all
    select v.relname, v.relowner, c.attname, c.attacl from view v join pg_attribute c on c.attrelid = v.oid
) g
cross join aclexplode(g.acl) a
where a.grantee <> g.relowner`, views)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[viewRight])
}

// grantAgain gives the views that were dropped and made anew what stood on them. A grant on a column that a view no
// longer has goes with the column.
func (m *viewMaker) grantAgain(ctx context.Context) error {
	for _, right := range m.dropped {
		var stands bool
		const ask = `
select exists (
    select from pg_attribute
    where attrelid = to_regclass('reporting.' || quote_ident($1)) and not attisdropped and ($2 = '' or attname = $2)
)`
		if err := m.tx.QueryRow(ctx, ask, right.View, right.Column).Scan(&stands); err != nil {
			return err
		}
		if !stands {
			continue
		}
		if _, err := m.tx.Exec(ctx, right.Statement); err != nil {
			return fmt.Errorf("%s: %w", right.Statement, err)
		}
	}
	return nil
}

// dropOthers drops the views of ours that have no file any more.
func (m *viewMaker) dropOthers(ctx context.Context, views []reportView) error {
	var others []string
	for name, hash := range m.there {
		if hash != "" && !slices.ContainsFunc(views, func(v reportView) bool { return v.name == name }) {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.Sort(others)
	return m.dropAll(ctx, others)
}

// dropAll drops these views and no others: Postgres refuses, and names what stands in the way, when anything else
// depends on one of them.
func (m *viewMaker) dropAll(ctx context.Context, views []string) error {
	names := make([]string, len(views))
	for i, view := range views {
		names[i] = pgx.Identifier{"reporting", view}.Sanitize()
		delete(m.there, view)
	}
	_, err := m.tx.Exec(ctx, `drop view `+strings.Join(names, ", "))
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) && refusal.Code == ledger.CodeDependentObjects {
		return &ViewInUseError{Views: views, Users: strings.Split(refusal.Detail, "\n")}
	}
	if err != nil {
		return err
	}
	_, err = m.tx.Exec(ctx, `delete from reporting_view where view = any($1)`, views)
	return err
}

// ViewInUseError says that views must be dropped, and that something which is not ours depends on them.
type ViewInUseError struct {
	Views []string // their names in the schema reporting
	Users []string // what depends on them, a sentence of Postgres for each
}

func (e *ViewInUseError) Error() string {
	views, users := strings.Join(e.Views, ", "), strings.Join(e.Users, "; ")
	return fmt.Sprintf("to change its report views voidrelay must drop %[1]s in the schema reporting, and something "+
		"that is not its own depends on that: %[2]s. Nothing was dropped. Keep the definitions of what depends on it, "+
		"drop it, run `voidrelay migrate` again, and make it anew; "+
		"更新报表视图需要先删除 reporting 中的 %[1]s，但有其他对象依赖它（见上），未作改动："+
		"请保存这些对象的定义并删除，再次运行 voidrelay migrate，然后重新建立", views, users)
}
