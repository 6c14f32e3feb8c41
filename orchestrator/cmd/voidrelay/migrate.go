package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
)

func (sh *shell) migrateCommand() *cobra.Command {
	var roles migrate.Roles
	var grants bool
	cmd := &cobra.Command{
		Use:     "migrate",
		Short:   "把 DATABASE_URL 升级到最新结构 brings the database of DATABASE_URL to the newest schema",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `Brings the database of DATABASE_URL to the newest schema. Whose role runs it first owns the ledger. The
orchestrator may run as another one, which owns nothing, and people with SQL read reports as a third:
` + "`voidrelay migrate --print-grants | psql \"$DATABASE_URL\"`" + ` makes all three, before the first
migration or after it, and later migrations keep their rights.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := roles.Check(); err != nil {
				return fmt.Errorf("%w: %w", errWrong, err)
			}
			if grants {
				_, err := io.WriteString(sh.out, roles.SQL())
				return err
			}
			return sh.migrate(cmd.Context(), roles)
		},
	}
	cmd.Flags().BoolVar(&grants, "print-grants",
		false, "输出建立角色和授权的 SQL print the SQL that makes the roles; change nothing")
	cmd.Flags().StringVar(&roles.Owner, "owner", migrate.OwnerRole,
		"--print-grants 的所有者角色 the role that --print-grants makes for migrating")
	cmd.Flags().StringVar(&roles.Running, "role", migrate.RunningRole, "运行角色 the role that orchestrators run as")
	cmd.Flags().StringVar(&roles.Reader, "reader", migrate.ReaderRole, "报表角色 the role that reads reports")
	return cmd
}

func (sh *shell) migrate(ctx context.Context, roles migrate.Roles) error {
	url, err := install.DatabaseURL(sh.getenv)
	if err != nil {
		return err
	}
	if url == "" {
		return &install.SettingsError{Problems: []string{
			"DATABASE_URL: not set (nor DATABASE_URL_FILE); it names the database to migrate, such as " +
				"postgres://user:…@host:5432/database"}}
	}
	tell := newTeller(sh.out)
	var done migrate.Migrated
	before, err := install.SchemaVersion(ctx, url)
	if err != nil {
		return err
	}
	err = tell.during(ctx, "升级数据库 migrating", func(ctx context.Context) error {
		var err error
		done, err = migrate.UpFor(ctx, url, roles)
		return err
	})
	if err != nil {
		return err
	}
	after, err := install.SchemaVersion(ctx, url)
	if err != nil {
		return err
	}
	tell.say("%s", migrated(before, after, done.Views))
	for _, note := range done.Notes {
		fmt.Fprintln(sh.out, "  注意 note:", note)
	}
	return nil
}

// migrated says what became of the schema and of the report views; version 0 is a database without a ledger.
func migrated(before, after int64, views []string) string {
	said := fmt.Sprintf("数据库结构已是最新（版本 %d） the database was up to date, schema version %d", after, after)
	switch {
	case before == 0:
		return fmt.Sprintf("已建立账本，结构版本 %d the ledger was made, schema version %d", after, after)
	case before < after:
		said = fmt.Sprintf("已从结构版本 %d 升级到 %d brought from schema version %d to %d", before, after, before, after)
	case len(views) > 0:
		said = fmt.Sprintf("数据表已是最新（版本 %d） the tables were up to date, schema version %d", after, after)
	}
	if len(views) > 0 {
		said += "；已更新报表视图 report views renewed: " + strings.Join(views, ", ")
	}
	return said
}
