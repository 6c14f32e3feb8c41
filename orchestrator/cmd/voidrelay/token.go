package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/internal/access"
)

func (sh *shell) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "令牌 makes, lists and revokes the tokens of AUTH_CALLERS_FILE",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `The file of AUTH_CALLERS_FILE says who may call a service, a line each: a name, a role (viewer 只读,
operator 操作员, admin 管理员), and what is shown, which is a token or a client certificate of that name. The file has
the digests of tokens and not the tokens. Services read a changed file within 5 seconds.`,
	}
	cmd.AddCommand(sh.tokenCreateCommand(), sh.tokenListCommand(), sh.tokenRevokeCommand())
	return cmd
}

// callersFile is the flag --file, or else AUTH_CALLERS_FILE.
func (sh *shell) callersFile(cmd *cobra.Command) func() (string, error) {
	file := cmd.Flags().String("file", "", "文件 the file of callers (AUTH_CALLERS_FILE)")
	return func() (string, error) {
		if *file != "" {
			return *file, nil
		}
		if path := sh.getenv("AUTH_CALLERS_FILE"); path != "" {
			return path, nil
		}
		return "", fmt.Errorf("%w: 未指定文件 name the file: --file, or AUTH_CALLERS_FILE", errWrong)
	}
}

func (sh *shell) tokenCreateCommand() *cobra.Command {
	var role string
	var days int
	cmd := &cobra.Command{
		Use:   "create NAME --role viewer|operator|admin",
		Short: "新建令牌 makes a token and prints it, once; the file gets its digest",
		Args:  args(1, "NAME --role viewer|operator|admin"),
	}
	file := sh.callersFile(cmd)
	cmd.Flags().StringVar(&role, "role", "", "角色 viewer, operator or admin")
	cmd.Flags().IntVar(&days, "days", 0, "有效天数 how many days it is good for (0: until it is revoked)")
	cmd.RunE = func(_ *cobra.Command, given []string) error {
		path, err := file()
		if err != nil {
			return err
		}
		what, err := access.ParseRole(role)
		if err != nil {
			return fmt.Errorf("%w: --role: %w", errWrong, err)
		}
		if days < 0 {
			return fmt.Errorf("%w: --days: a token is good for some days", errWrong)
		}
		var until time.Time
		if days > 0 {
			until = time.Now().UTC().AddDate(0, 0, days)
		}
		token, err := access.CreateToken(path, given[0], what, until)
		if err != nil {
			return err
		}
		fmt.Fprintln(sh.out, token)
		good := "长期有效 until it is revoked"
		if days > 0 {
			good = "有效至 until " + until.Format(time.DateOnly)
		}
		fmt.Fprintf(sh.err, "%s，%s，%s；只显示这一次 it is shown this once\n", given[0], what, good)
		return nil
	}
	return cmd
}

func (sh *shell) tokenListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "列出 lists who may call, and in which role",
		Args:  args(0, ""),
	}
	file := sh.callersFile(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		path, err := file()
		if err != nil {
			return err
		}
		callers, err := access.LoadCallers(path)
		if err != nil {
			return err
		}
		rows := sh.newTable("名称 name", "角色 role", "凭据 shows", "有效至 until")
		for _, one := range callers.List() {
			shows, until := "证书 certificate", "—"
			if one.Token != "" {
				shows, until = "令牌 token "+one.Token, "长期 no end"
			}
			if !one.Until.IsZero() {
				until = one.Until.Format(time.DateOnly)
			}
			if one.Expired(time.Now()) {
				until += " 已过期 expired"
			}
			rows.row(one.Name, one.Role.String(), shows, until)
		}
		rows.print(sh.out)
		return nil
	}
	return cmd
}

func (sh *shell) tokenRevokeCommand() *cobra.Command {
	var token string
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "吊销 takes all lines of a name out of the file, or one of them",
		Args:  args(1, "NAME"),
	}
	file := sh.callersFile(cmd)
	cmd.Flags().StringVar(&token, "token", "", "令牌摘要 only the token whose digest begins so, as list shows it")
	cmd.RunE = func(_ *cobra.Command, given []string) error {
		path, err := file()
		if err != nil {
			return err
		}
		revoked, err := access.Revoke(path, given[0], token)
		if errors.Is(err, access.ErrNoSuchCaller) {
			return fmt.Errorf("%w: %s: %w", errWrong, given[0], err)
		}
		if err != nil {
			return err
		}
		sh.printf("已吊销 revoked: %d\n", revoked)
		return nil
	}
	return cmd
}
