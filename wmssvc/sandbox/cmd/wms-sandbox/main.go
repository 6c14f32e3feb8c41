// Command wms-sandbox runs a 旺店通WMS to test against, until it is interrupted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	wsample "github.com/voidrelay/voidrelay/wmssvc/sandbox/sample"
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
	cfg := sandbox.DefaultConfig()
	flags := flag.NewFlagSet("wms-sandbox", flag.ContinueOnError)
	flags.SetOutput(logs)
	flags.StringVar(&cfg.Addr, "addr", "127.0.0.1:7490", "`host:port` to listen on; port 0 takes a free one")
	flags.StringVar(&cfg.StateFile, "state", "", "`file` that keeps orders and truth over restarts")
	flags.Func("personality", "`JSON` of how it behaves, as the control API takes it", func(text string) error {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		return dec.Decode(&cfg.Personality)
	})
	flags.BoolVar(&cfg.ControlAnywhere, "control-anywhere",
		false, "open the control API to other machines too, as a container needs; it has no password")
	sample := flags.Bool("sample", true, "fill an empty order book with sample orders")
	version := flags.Bool("version", false, "say which version this is")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errWrong
	case flags.NArg() > 0:
		fmt.Fprintf(logs, "wms-sandbox: unknown argument %q\n", flags.Arg(0))
		return errWrong
	case *version:
		if build, ok := debug.ReadBuildInfo(); ok {
			fmt.Fprintln(out, "wms-sandbox", build.Main.Version, build.GoVersion)
		}
		return nil
	}
	cfg.Logger = slog.New(slog.NewTextHandler(logs, nil))
	server, err := sandbox.Start(ctx, cfg)
	if err != nil {
		return err
	}
	if *sample && server.Status().Orders == 0 {
		server.CreateOrders(wsample.Orders(time.Now()))
	}
	fmt.Fprintf(out,
		"WMS_URL=%s\nWMS_SID=%s\nWMS_APP_KEY=%s\nWMS_APP_SECRET=%s\n# Qimen: %s\n# control: %s/control/status\n",
		server.URL(), sandbox.DemoSID, sandbox.DemoAppKey, sandbox.DemoSecret, server.QimenURL(), server.BaseURL())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Wait() // Stop returns the same error
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = server.Stop(stopping)
	<-ended
	return err
}
