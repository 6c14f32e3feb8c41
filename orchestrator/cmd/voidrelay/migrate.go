package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

func (sh *shell) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "migrate",
		Short:   "把 DATABASE_URL 升级到最新结构 brings the database of DATABASE_URL to the newest schema",
		GroupID: groupRun,
		Args:    args(0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return sh.migrate(cmd.Context()) },
	}
}

func (sh *shell) migrate(ctx context.Context) error {
	url := house.DatabaseURL(sh.getenv)
	if url == "" {
		return &house.SettingsError{Problems: []string{
			"DATABASE_URL: not set (nor a readable DATABASE_URL_FILE); it names the database to migrate, such as postgres://user:…@host:5432/database"}}
	}
	tell := newTeller(sh.out)
	var notes []string
	err := tell.during(ctx, "升级数据库 migrating", func(ctx context.Context) error {
		var err error
		notes, err = store.Migrate(ctx, url)
		return err
	})
	if err != nil {
		return err
	}
	tell.say("数据库结构已是最新 the database is up to date")
	for _, note := range notes {
		fmt.Fprintln(sh.out, "  注意 note:", note)
	}
	return nil
}
