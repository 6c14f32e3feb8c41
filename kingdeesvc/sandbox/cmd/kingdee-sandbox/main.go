// Command kingdee-sandbox is a Kingdee to test against: it prints its address and
// its published account, and serves until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGHUP) // a terminal that closes ends no program of ours
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errWrong):
		os.Exit(2) // the flags said what is wrong
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// errWrong is a command line that makes no sense.
var errWrong = errors.New("wrong arguments")

func run(ctx context.Context, args []string, out, logs io.Writer) error {
	var cfg sandbox.Config
	flags := flag.NewFlagSet("kingdee-sandbox", flag.ContinueOnError)
	flags.SetOutput(logs)
	flags.StringVar(&cfg.Addr, "addr", "127.0.0.1:7491", "`host:port` to listen on; port 0 takes a free one")
	flags.StringVar(&cfg.StateFile, "state", "", "`file` that keeps the bills over restarts")
	flags.Uint64Var(&cfg.Seed, "seed", sample.DefaultSeed, "sample data set, 0 for none")
	flags.BoolVar(&cfg.Personality.OldServer, "old", false, "play an old server: SHA-1, no BillQuery, 2000 rows a page")
	flags.BoolVar(&cfg.OpenControl, "open-control", false, "let other machines call /control/, too")
	verbose := flags.Bool("v", false, "log each call")
	version := flags.Bool("version", false, "say which version this is")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errWrong
	case flags.NArg() > 0:
		fmt.Fprintf(logs, "kingdee-sandbox: unknown argument %q\n", flags.Arg(0))
		return errWrong
	case *version:
		if build, ok := debug.ReadBuildInfo(); ok {
			fmt.Fprintln(out, "kingdee-sandbox", build.Main.Version, build.GoVersion)
		}
		return nil
	}
	if *verbose {
		cfg.Logger = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	server, err := sandbox.Start(ctx, cfg)
	if err != nil {
		return err
	}
	cfg = server.Config()
	fmt.Fprintf(out, "Kingdee sandbox: %s/K3Cloud/\n  acctId %s  user %s  password %s\n  appId %s  appSecret %s\n"+
		"  control: curl %s/control/\n",
		server.URL(), cfg.AcctID, cfg.Username, string(cfg.Password), cfg.AppID, string(cfg.AppSecret), server.URL())
	<-ctx.Done()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Stop(bounded)
}
