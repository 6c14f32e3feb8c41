package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/visible"
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
			"usage: kingdeesvc check [-lang zh|en|both] [-second-login=false] [-form ID [-key NAME=KEY …] …] "+
				"[stock organisation …]\n"+
				"用法：检查设置是否可用；列出的库存组织近 30 天应当有单据。二次登录检查会让同一用户的其他会话可能掉线一次。\n"+
				"-form 指定要用的单据，-key 指定它待确认的字段（即方案里的 kingdee.keys）。")
		flags.PrintDefaults()
	}
	o := kingdeesvc.ExamineOptions{}
	flags.StringVar(&o.Language, "lang", "both", "`language` of the report: zh, en or both")
	flags.BoolVar(&o.SecondLogin, "second-login",
		true, "log in a second time to see whether that ends the first session")
	flags.Func("form", "a `form` that will be used, such as PUR_MRAPP; may be given several times",
		func(id string) error {
			o.Forms = append(o.Forms, kingdeesvc.ExamineForm{ID: id, Keys: map[string]string{}})
			return nil
		})
	flags.Func("key",
		"Kingdee's key of an open column of the -form before it, as `NAME=KEY`; may be given several times",
		func(text string) error { return addKey(o.Forms, text) })
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
	if err := o.Check(); err != nil {
		fmt.Fprintln(os.Stderr, "kingdeesvc check:", err)
		return 2
	}
	cfg, err := kingdeesvc.LoadConfig(os.Getenv)
	if err != nil {
		return serve.RefuseSettings(os.Stderr, "kingdeesvc", err)
	}
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	if err := kingdeesvc.Examine(ctx, cfg, o, visible.Writer(os.Stdout)); err != nil {
		fmt.Fprintln(visible.Writer(os.Stderr), err)
		return 1
	}
	return 0
}

// addKey gives the last of the forms a key.
func addKey(forms []kingdeesvc.ExamineForm, text string) error {
	name, key, both := strings.Cut(text, "=")
	switch {
	case !both || name == "" || key == "":
		return errors.New("want NAME=KEY, such as FEntity.warehouse_number=F_ABC_Stock.FNumber")
	case len(forms) == 0:
		return errors.New("name its form before it: -form PUR_MRAPP -key " + text)
	}
	forms[len(forms)-1].Keys[name] = key
	return nil
}
