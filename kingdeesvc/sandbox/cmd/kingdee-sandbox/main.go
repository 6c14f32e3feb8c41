// Command kingdee-sandbox is a Kingdee to test against: it prints its address and
// its published account, and serves until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var cfg sandbox.Config
	flag.StringVar(&cfg.Addr, "addr", "127.0.0.1:7491", "address to listen on")
	flag.StringVar(&cfg.StateFile, "state", "", "file that keeps the bills over restarts")
	flag.Uint64Var(&cfg.Seed, "seed", sandbox.DefaultSeed, "sample data set, 0 for none")
	flag.BoolVar(&cfg.Personality.OldServer, "old", false, "play an old server: SHA-1, no BillQuery, 2000 rows a page")
	flag.BoolVar(&cfg.OpenControl, "open-control", false, "let other machines call /control/, too")
	verbose := flag.Bool("v", false, "log each call")
	flag.Parse()
	if *verbose {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	server, err := sandbox.Start(ctx, cfg)
	if err != nil {
		return err
	}
	cfg = server.Config()
	fmt.Printf("Kingdee sandbox: %s/K3Cloud/\n  acctId %s  user %s  password %s\n  appId %s  appSecret %s\n  control: curl %s/control/\n",
		server.URL(), cfg.AcctID, cfg.Username, string(cfg.Password), cfg.AppID, string(cfg.AppSecret), server.URL())
	<-ctx.Done()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Stop(bounded)
}
