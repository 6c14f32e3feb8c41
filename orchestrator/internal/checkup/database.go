package checkup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

const (
	// databaseWithin bounds all questions to the database, connectWithin one connection.
	databaseWithin = 30 * time.Second
	connectWithin  = 5 * time.Second
	// mostNamed is how many rights or conditions are named; the rest is counted.
	mostNamed = 8
)

// databaseSaid is what the database answered.
type databaseSaid struct {
	findings []Finding
	// ahead is the database's clock less ours.
	ahead *time.Duration
	// schemes are how the ledger's schemes stand; nil where the ledger was not read.
	schemes []ledger.SchemeView
	// unmapped counts the open work items about warehouses that a scheme does not map, by scheme.
	unmapped map[string]int64
}

func (d *databaseSaid) add(findings ...Finding) { d.findings = append(d.findings, findings...) }

var (
	databaseTitle   = say("数据库", "Database")
	encodingTitle   = say("编码", "Encoding")
	poolerTitle     = say("连接池", "Pooler")
	readOnlyTitle   = say("可写", "Writable")
	schemaTitle     = say("账本结构", "Schema")
	roleTitle       = say("数据库角色", "Role")
	conditionsTitle = say("状况", "Conditions")
)

// askDatabase never repeats the address: it holds a password.
func (r *run) askDatabase(ctx context.Context) (said databaseSaid) {
	if r.DatabaseURL == "" && r.NeedsDatabase {
		said.add(failed("database", databaseTitle, say("没有设置 DATABASE_URL", "DATABASE_URL is not set"),
			say("设置 DATABASE_URL（postgres://用户:密码@主机:5432/库名）或 DATABASE_URL_FILE",
				"set DATABASE_URL (postgres://user:password@host:5432/database) or DATABASE_URL_FILE")))
		return said
	}
	if r.DatabaseURL == "" {
		said.add(skipped("database", databaseTitle, r.WithoutDatabase))
		return said
	}
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	conn, err := connect(ctx, r.DatabaseURL)
	if err != nil {
		said.add(failed("database", databaseTitle, same(err.Error()),
			say("核对 DATABASE_URL（主机、端口、用户、密码、库名）、pg_hba.conf 和防火墙",
				"check DATABASE_URL (host, port, user, password, database), pg_hba.conf and the firewall")))
		return said
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := said.askServer(ctx, conn); err != nil {
		said.add(failed("database", databaseTitle, same(err.Error()), say("看数据库的日志", "look at the database's log")))
		return said
	}
	pooler := askPooler(ctx, conn, r.DatabaseURL)
	said.add(pooler)
	if pooler.Result == Failed {
		said.add(skipped("database.schema", schemaTitle,
			say("先去掉连接池", "the pooler must go first")), skipped("database.role", roleTitle,
			say("先去掉连接池", "the pooler must go first")))
		return said
	}
	r.askLedger(ctx, &said)
	return said
}

// connect opens a plain connection. It prepares nothing, so that a pooler can be told apart from a database that is not
// there.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	if err := ledger.CheckURL(url); err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: not a Postgres address %s", ledger.ExampleURL)
	}
	cfg.ConnectTimeout = connectWithin
	// Without prepared statements pgx writes values into the text itself, and needs to know its encoding.
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(ctx, cfg)
}

// askServer asks what needs no ledger.
func (d *databaseSaid) askServer(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var name, encoding, user, size string
	var readOnly bool
	const ask = `
select current_setting('server_version_num')::integer, current_database()::text,
       current_setting('server_encoding'), current_user::text, pg_size_pretty(pg_database_size(current_database())),
       pg_is_in_recovery() or current_setting('transaction_read_only')::boolean`
	if err := conn.QueryRow(ctx, ask).Scan(&version, &name, &encoding, &user, &size, &readOnly); err != nil {
		return err
	}
	var theirs time.Time
	left := time.Now()
	if err := conn.QueryRow(ctx, `select clock_timestamp()`).Scan(&theirs); err != nil {
		return err
	}
	took := time.Since(left)
	ahead := theirs.Sub(left.Add(took / 2))
	d.ahead = &ahead

	found := say("PostgreSQL %d，库 %s（%s），用户 %s，往返 %s", "PostgreSQL %d, database %s (%s), user %s, round trip %s",
		version/10000, name, size, user, took.Round(10*time.Microsecond))
	if version < 150000 {
		d.add(failed("database", databaseTitle, found,
			say("需要 PostgreSQL 15 或更高版本", "PostgreSQL 15 or later is needed")))
	} else {
		d.add(ok("database", databaseTitle, found))
	}
	switch encoding {
	case "UTF8":
		d.add(ok("database.encoding", encodingTitle, same(encoding)))
	case "SQL_ASCII":
		d.add(warning("database.encoding", encodingTitle, say("SQL_ASCII：数据库不检查文字", "SQL_ASCII: texts are not checked"),
			say("可以用；新建的库最好是 UTF8", "it works; a new database had better be UTF8")))
	default:
		d.add(failed("database.encoding", encodingTitle,
			say("%s：存不下所有文字", "%s: it cannot hold every text", encoding),
			say("另建一个 UTF8 的库：create database voidrelay encoding 'UTF8' template template0，并改 DATABASE_URL",
				"make another database, `create database voidrelay encoding 'UTF8' template template0`, and name it "+
					"in DATABASE_URL")))
	}
	if readOnly {
		d.add(failed("database.writable", readOnlyTitle, say("只读", "it is read-only"),
			say("备库：DATABASE_URL 改指主库；磁盘满：清理后 alter system reset default_transaction_read_only",
				"a standby: name the primary in DATABASE_URL; a full disk: make room, then `alter system reset "+
					"default_transaction_read_only`")))
	} else {
		d.add(ok("database.writable", readOnlyTitle, say("可写", "it takes what is written")))
	}
	return nil
}

// askLedger asks how the ledger stands, as the orchestrator would reach it.
func (r *run) askLedger(ctx context.Context, said *databaseSaid) {
	pool, err := ledger.Open(ctx, r.DatabaseURL)
	if err != nil {
		said.add(failed("database.schema", schemaTitle, same(err.Error()), say("见上面的数据库各项", "see the lines above")))
		return
	}
	defer pool.Close()
	standing, err := migrate.StandingOf(ctx, pool)
	if ledger.SQLState(err) == ledger.CodeInsufficientRight {
		said.add(failed("database.role", roleTitle, same(err.Error()), grantsAdvice))
		return
	}
	if err != nil {
		said.add(failed("database.schema", schemaTitle, same(err.Error()), migrateAdvice))
		return
	}
	current := r.schemaFinding(standing)
	said.add(current)
	if standing.There != standing.Known || standing.OtherBuild {
		said.add(skipped("database.role", roleTitle, say("账本结构不是这个版本的", "the schema is not this program's")))
		return
	}
	role := r.roleFinding(ctx, pool)
	said.add(role)
	if role.Result == Failed {
		return
	}
	said.readLedger(ctx, pool)
}

var (
	migrateAdvice = say("用账本所有者的 DATABASE_URL 运行 `voidrelay migrate`",
		"run `voidrelay migrate` with the DATABASE_URL of the ledger's owner")
	grantsAdvice = say("让账本所有者运行 `voidrelay migrate --print-grants | psql \"$DATABASE_URL\"`，并把该用户设为运行角色或其成员",
		"let the ledger's owner run `voidrelay migrate --print-grants | psql \"$DATABASE_URL\"`, and make this user "+
			"the running role or a member of it")
)

func (r *run) schemaFinding(s migrate.Standing) Finding {
	const id = "database.schema"
	switch {
	case s.There > s.Known:
		return failed(id, schemaTitle, say("账本版本 %d，本程序只认识 %d", "the ledger is version %d, this program knows %d",
			s.There, s.Known), say("使用更新的 voidrelay", "use a newer voidrelay: the one that migrated it"))
	case s.OtherBuild:
		return failed(id, schemaTitle, say("版本 %d，由另一版 voidrelay 建立，表结构与本程序不符",
			"version %d, made by another build of voidrelay, whose tables are not those of this program", s.There),
			say("使用那一版；或另建一个空库，改 DATABASE_URL，再运行 `voidrelay migrate`",
				"run that build; or make an empty database, name it in DATABASE_URL and run `voidrelay migrate`"))
	case s.There == 0 && r.Migrates:
		return ok(id, schemaTitle, say("还没有账本，`voidrelay up` 会建立", "no ledger yet; `voidrelay up` makes it"))
	case s.There == 0:
		return failed(id, schemaTitle, say("还没有账本", "there is no ledger yet"), migrateAdvice)
	case s.There < s.Known && r.Migrates:
		return ok(id, schemaTitle, say("版本 %d，`voidrelay up` 会升级到 %d", "version %d; `voidrelay up` brings it to %d",
			s.There, s.Known))
	case s.There < s.Known:
		return failed(id, schemaTitle, say("版本 %d，本程序需要 %d", "version %d, this program needs %d", s.There, s.Known),
			migrateAdvice)
	case s.WordsDiffer && !r.Migrates:
		return failed(id, schemaTitle, say("版本 %d，但报表视图是别的程序的",
			"version %d, but the report views are another program's", s.There), migrateAdvice)
	}
	return ok(id, schemaTitle, say("版本 %d，是最新", "version %d, the newest", s.There))
}

func (r *run) roleFinding(ctx context.Context, pool *pgxpool.Pool) Finding {
	const id = "database.role"
	rights, err := migrate.RightsOf(ctx, pool)
	if err != nil {
		return failed(id, roleTitle, same(err.Error()), grantsAdvice)
	}
	running := say("让编排服务以运行角色登录：`voidrelay migrate --print-grants` 输出的说明里有做法，再改 DATABASE_URL",
		"let the orchestrator log in as the running role: what `voidrelay migrate --print-grants` prints says how; "+
			"then change DATABASE_URL")
	switch {
	case len(rights.Missing) > 0:
		return failed(id, roleTitle, say("%s 缺少权限：%s", "%s lacks rights: %s", rights.Role, named(rights.Missing)),
			grantsAdvice)
	case rights.Superuser && !r.Migrates:
		return warning(id, roleTitle, say("%s 是超级用户", "%s is a superuser", rights.Role), running)
	case rights.Owns && !r.Migrates:
		return warning(id, roleTitle, say("%s 是账本所有者，可以改动和删除一切", "%s owns the ledger and may alter and drop "+
			"everything", rights.Role), running)
	case rights.Owns:
		return ok(id, roleTitle, say("%s，账本所有者", "%s, the ledger's owner", rights.Role))
	case len(rights.Excess) > 0:
		return warning(id, roleTitle, say("%s 有多余的权限：%s", "%s may do what it should not: %s", rights.Role,
			named(rights.Excess)), grantsAdvice)
	}
	return ok(id, roleTitle, say("%s，运行角色，权限齐全", "%s, the running role, with the rights that it needs and no others",
		rights.Role))
}

// named lists the first of some names and counts the rest.
func named(names []string) string {
	if len(names) <= mostNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, … (%d)", strings.Join(names[:mostNamed], ", "), len(names))
}

// readLedger reads what stands in the ledger now.
func (d *databaseSaid) readLedger(ctx context.Context, pool *pgxpool.Pool) {
	const id = "conditions"
	reader := query.New(pool)
	conditions, err := reader.ConditionViews(ctx, ledger.ConditionFilter{}, 0, 1000)
	if err == nil {
		d.schemes, err = reader.SchemeViews(ctx, "", 1000)
	}
	if err == nil {
		d.unmapped, err = unmapped(ctx, pool)
	}
	switch {
	case err != nil:
		d.add(failed(id, conditionsTitle, same(err.Error()), say("看数据库的日志", "look at the database's log")))
	case len(conditions) == 0:
		d.add(ok(id, conditionsTitle, say("没有未结束的状况", "none is open")))
	default:
		zh, en := make([]string, len(conditions)), make([]string, len(conditions))
		for i, c := range conditions {
			zh[i], en[i] = c.Message, c.MessageEN
		}
		d.add(warning(id, conditionsTitle, Text{named(zh), named(en)}.and(say("（未结束 %d）", " (open: %d)",
			len(conditions))), say("运行 `voidrelay conditions` 查看下一步", "`voidrelay conditions` says what to do next")))
	}
}

func unmapped(ctx context.Context, pool *pgxpool.Pool) (map[string]int64, error) {
	rows, err := pool.Query(ctx, `
select scheme, count(*)
from work_item
where kind = 'warehouse_not_mapped' and close_time is null
group by scheme`)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64)
	var name string
	var count int64
	_, err = pgx.ForEachRow(rows, []any{&name, &count}, func() error {
		counts[name] = count
		return nil
	})
	return counts, err
}
