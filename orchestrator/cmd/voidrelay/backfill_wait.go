package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// backfillEvery is how often a backfill is looked at while somebody waits for it.
const backfillEvery = 250 * time.Millisecond

// errEndedBadly: a backfill failed, or somebody cancelled it.
var errEndedBadly = errors.New("回补没有完成 the backfill did not come to its end")

// startBackfill starts one and waits until it has ended; nil when the caller had enough of waiting.
func (sh *shell) startBackfill(
	ctx context.Context, client *install.Client, f *namedBills, scheme string,
) (*orchestratorv1.Run, error) {
	if err := f.complete(scheme); err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	answer, err := client.Runs.StartRun(call, &f.request)
	if err != nil {
		return nil, err
	}
	return sh.awaitBackfill(ctx, client, answer.GetRun())
}

// awaitBackfill looks at a backfill until no orchestrator is at work on it any longer, and tells every two seconds how
// far it is. Whoever interrupts that leaves it running: the answer is nil.
func (sh *shell) awaitBackfill(
	ctx context.Context, client *install.Client, b *orchestratorv1.Run,
) (*orchestratorv1.Run, error) {
	var last atomic.Pointer[orchestratorv1.Run]
	last.Store(b)
	err := newTeller(sh.err).meanwhile(ctx, func() string { return progress(last.Load()) },
		func(ctx context.Context) error {
			tick := time.NewTicker(backfillEvery)
			defer tick.Stop()
			answered := time.Now()
			for underWay(last.Load()) {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-tick.C:
				}
				call, cancel := context.WithTimeout(ctx, callTime)
				answer, err := client.Runs.GetRun(call, &orchestratorv1.GetRunRequest{RunId: b.GetRunId()})
				cancel()
				switch {
				case err == nil:
					answered = time.Now()
					last.Store(answer.GetRun())
				case ctx.Err() != nil:
					return ctx.Err()
				case status.Code(err) != codes.Unavailable || time.Since(answered) > callTime:
					fmt.Fprintf(sh.err, "%s\n", leftRunning(b))
					return err
				}
			}
			return nil
		})
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintf(sh.err, "%s\n", leftRunning(b))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return last.Load(), nil
}

func leftRunning(b *orchestratorv1.Run) string {
	return fmt.Sprintf("不再等待，回补 %d 仍在后台继续 no longer waiting; backfill %[1]d goes on by itself: "+
		"`voidrelay runs show %[1]d` shows it, `voidrelay runs cancel %[1]d` ends it", b.GetRunId())
}

func underWay(b *orchestratorv1.Run) bool {
	return b.GetState() == orchestratorv1.RunState_RUN_STATE_RUNNING ||
		b.GetState() == orchestratorv1.RunState_RUN_STATE_APPLYING
}

func endedWell(b *orchestratorv1.Run) error {
	switch b.GetState() {
	case orchestratorv1.RunState_RUN_STATE_FAILED, orchestratorv1.RunState_RUN_STATE_CANCELLED:
		return errEndedBadly
	}
	return nil
}

func progress(b *orchestratorv1.Run) string {
	text := fmt.Sprintf("回补 backfill %d: %s, 单据 bills %d, 项 items %d",
		b.GetRunId(), runStateWords(b.GetState()), b.GetRunCounts().GetBills(), itemsOf(b.GetBackfill()))
	if n := len(b.GetBackfill().GetSelection().GetNumbers().GetNumbers()); n > 0 &&
		b.GetState() == orchestratorv1.RunState_RUN_STATE_RUNNING {
		text += fmt.Sprintf(", 编号 numbers %d/%d", b.GetCursor(), n)
	}
	if b.GetState() == orchestratorv1.RunState_RUN_STATE_APPLYING {
		text += fmt.Sprintf(", 已核对 up to item %d", b.GetCursor())
	}
	if b.GetError() != "" {
		text += "; " + b.GetError()
	}
	return text
}
