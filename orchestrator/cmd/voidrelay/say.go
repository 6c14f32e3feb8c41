package main

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/voidrelay/voidrelay/internal/visible"
)

// printf prints for a person, each text on one line and without what he would not see.
func (sh *shell) printf(format string, args ...any) { fmt.Fprintf(sh.out, format, oneLine(args)...) }

// oneLine makes texts of others fit for a line of ours.
func oneLine(args []any) []any {
	fit := make([]any, len(args))
	for i, arg := range args {
		switch value := reflect.ValueOf(arg); {
		case arg == nil:
		case value.Kind() == reflect.String:
			arg = visible.Text(fmt.Sprint(arg))
		default:
			if text, ok := arg.(fmt.Stringer); ok {
				arg = visible.Text(text.String())
			} else if fault, ok := arg.(error); ok {
				arg = visible.Text(fault.Error())
			}
		}
		fit[i] = arg
	}
	return fit
}

// teller tells what is going on, each line with the time since the beginning.
type teller struct {
	out   io.Writer
	begin time.Time
}

func newTeller(out io.Writer) *teller { return &teller{out: out, begin: time.Now()} }

func (t *teller) say(format string, args ...any) {
	fmt.Fprintf(t.out, "[%5.1fs] %s\n", time.Since(t.begin).Seconds(), fmt.Sprintf(format, oneLine(args)...))
}

// during tells every few seconds that something long is still under way.
func (t *teller) during(ctx context.Context, what string, do func(context.Context) error) error {
	return t.meanwhile(ctx, func() string { return what }, do)
}

// meanwhile is during for what changes.
func (t *teller) meanwhile(ctx context.Context, what func() string, do func(context.Context) error) error {
	done := make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if text := what(); text != "" {
					t.say("… %s", text)
				}
			}
		}
	}()
	err := do(ctx)
	close(done)
	<-told
	return err
}
