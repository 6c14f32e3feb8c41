package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/kingdeesvc"
)

// examineLimit ends a check that hangs.
const examineLimit = 3 * time.Minute

// check is the subcommand's exit status: 0 ready (warnings included), 1 something does not work, 2 wrong use
// or settings.
func check(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("kingdeesvc check", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(),
			"usage: kingdeesvc check [-lang zh|en|both] [-second-login=false] [stock organisation …]\n"+
				"用法：检查设置是否可用；列出的库存组织近 30 天应当有单据。二次登录检查会让同一用户的其他会话可能掉线一次。")
		flags.PrintDefaults()
	}
	o := kingdeesvc.ExamineOptions{}
	flags.StringVar(&o.Language, "lang", "both", "`language` of the report: zh, en or both")
	flags.BoolVar(&o.SecondLogin, "second-login",
		true, "log in a second time to see whether that ends the first session")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if o.Language != "zh" && o.Language != "en" && o.Language != "both" {
		flags.Usage()
		return 2
	}
	o.Organizations = flags.Args()
	cfg, err := kingdeesvc.LoadConfig(os.Getenv)
	if err != nil {
		return serve.RefuseSettings(os.Stderr, "kingdeesvc", err)
	}
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	if err := kingdeesvc.Examine(ctx, cfg, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
