package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// mostBytes is what kingdeesvc may take at its peak.
const mostBytes = 100_000_000

// memory lets rows pass through StreamBills and then through StreamBillStates, each time through a
// new kingdeesvc.
func (b *bench) memory(ctx context.Context) error {
	for _, read := range []struct {
		name  string
		bills int
		via   func(context.Context, *client) (counts, error)
	}{
		{"StreamBills", max(b.rows/linesPerBill, 1), streamBills},
		{"StreamBillStates", b.rows, streamStates},
	} {
		if err := b.passThrough(ctx, read.name, read.bills, read.via); err != nil {
			return fmt.Errorf("%s: %w", read.name, err)
		}
	}
	return nil
}

func (b *bench) passThrough(
	ctx context.Context, name string, bills int, via func(context.Context, *client) (counts, error),
) (err error) {
	url, stop, err := serve(ctx, mill{int64(bills)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	service, err := startService(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	c, err := dial(service.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	before, err := peak(service.cmd.Process.Pid)
	if err != nil {
		return err
	}
	began := time.Now()
	got, err := via(ctx, c)
	if err != nil {
		return err
	}
	took := time.Since(began)
	after, err := peak(service.cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "memory  %-20s %9d rows, %7d bills, %d pages in %.1f s (%.0f rows/s): kingdeesvc's peak %.1f "+
		"MB, of which %.1f MB before the first row\n",
		name, got.rows, got.bills, got.pages, took.Seconds(), float64(got.rows)/took.Seconds(),
		float64(after)/1e6, float64(before)/1e6)
	switch {
	case got.bills != int64(bills) || got.problems != 0:
		return fmt.Errorf("%d bills and %d problems, want %d bills", got.bills, got.problems, bills)
	case after > b.most:
		return fmt.Errorf("a peak of %d bytes, more than %d", after, b.most)
	}
	return nil
}

// peak is a process's VmHWM in bytes; the kernel's kB are 1024.
func peak(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("peak memory is read from Linux's /proc: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
			return kB << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc")
}

// serve puts a handler on a free port.
func serve(ctx context.Context, handler http.Handler) (url string, stop func() error, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() error {
		err := server.Close()
		if ended := <-done; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}, nil
}
