// Package acttest does acts of persons in tests, each as a call of its own.
package acttest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Acts does acts through the recorder, as the service does: the actor is the caller, the verb the method.
type Acts struct {
	store    *rooms.All
	recorder *operate.Recorder
}

// New makes Acts on a migrated database.
func New(pool *pgxpool.Pool) Acts { return Acts{rooms.New(pool), operate.NewRecorder(pool)} }

// Once does one act; a repeated request id answers what it came to the first time.
func Once[T any](
	ctx context.Context, a Acts, verb ledger.Verb, act ledger.Act, request any, do func(tx pgx.Tx) (T, error),
) (T, error) {
	var result T
	content, err := json.Marshal([]any{act.Scheme, act.Reason, request})
	if err != nil {
		return result, err
	}
	call := ledger.Call{Caller: act.Actor, Method: string(verb), RequestID: act.RequestID, Request: content}
	reply, err := a.recorder.Once(ctx, call, func(tx pgx.Tx) ([]byte, error) {
		made, err := do(tx)
		if err != nil {
			return nil, err
		}
		return json.Marshal(made)
	})
	if err != nil {
		return result, err
	}
	return result, json.Unmarshal(reply, &result)
}

// none is the result of an act that answers nothing.
type none struct{}

func (a Acts) plain(
	ctx context.Context, verb ledger.Verb, act ledger.Act, request any, do func(tx pgx.Tx) error,
) error {
	_, err := Once(ctx, a, verb, act, request, func(tx pgx.Tx) (none, error) { return none{}, do(tx) })
	return err
}

// SetMode is store.SetMode.
func (a Acts) SetMode(ctx context.Context, act ledger.Act, send bool) (dryRun int64, err error) {
	return Once(ctx, a, ledger.SetMode, act, send, func(tx pgx.Tx) (int64, error) {
		return a.store.SetMode(ctx, tx, act, send)
	})
}

// Pause is store.Pause.
func (a Acts) Pause(ctx context.Context, act ledger.Act) error {
	return a.plain(ctx, ledger.Pause, act, nil, func(tx pgx.Tx) error { return a.store.Pause(ctx, tx, act) })
}

// Resume is store.Resume.
func (a Acts) Resume(ctx context.Context, act ledger.Act) error {
	return a.ResumeRestored(ctx, act, time.Time{})
}

// ResumeRestored is store.Resume with the time to which Kingdee was restored.
func (a Acts) ResumeRestored(ctx context.Context, act ledger.Act, to time.Time) error {
	return a.plain(ctx, ledger.Resume, act, to, func(tx pgx.Tx) error { return a.store.Resume(ctx, tx, act, to) })
}

// ApplySchemes is operate.ApplySchemes, by nobody in particular; it answers the newest revision of each scheme.
func (a Acts) ApplySchemes(ctx context.Context, files ...operate.SchemeFile) (map[string]int, error) {
	act := ledger.Act{Actor: "test", Reason: "test"}
	return Once(ctx, a, ledger.ApplyScheme, act, nil, func(tx pgx.Tx) (map[string]int, error) {
		if err := operate.ApplySchemes(ctx, tx, act, files); err != nil {
			return nil, err
		}
		revisions := map[string]int{}
		rows, err := tx.Query(ctx, `select scheme, revision from scheme`)
		if err != nil {
			return nil, err
		}
		var name string
		var revision int
		_, err = pgx.ForEachRow(rows, []any{&name, &revision}, func() error {
			revisions[name] = revision
			return nil
		})
		return revisions, err
	})
}

// Retire is operate.Retire.
func (a Acts) Retire(ctx context.Context, act ledger.Act, dryRun bool) (ledger.Retired, error) {
	return Once(ctx, a, ledger.RetireScheme, act, dryRun, func(tx pgx.Tx) (ledger.Retired, error) {
		return operate.Retire(ctx, tx, act, dryRun)
	})
}

// stopped is what StopAll answers.
type stopped struct {
	Since    time.Time
	InFlight int64
}

// StopAll is store.StopAll.
func (a Acts) StopAll(ctx context.Context, act ledger.Act) (since time.Time, inFlight int64, err error) {
	result, err := Once(ctx, a, ledger.StopAll, act, nil, func(tx pgx.Tx) (stopped, error) {
		since, inFlight, err := a.store.StopAll(ctx, tx, act)
		return stopped{since, inFlight}, err
	})
	return result.Since, result.InFlight, err
}

// ResumeAll is store.ResumeAll.
func (a Acts) ResumeAll(ctx context.Context, act ledger.Act) (resumed bool, err error) {
	return Once(ctx, a, ledger.ResumeAll, act, nil,
		func(tx pgx.Tx) (bool, error) { return a.store.ResumeAll(ctx, tx, act) })
}

// MoveWatermark is store.MoveWatermark.
func (a Acts) MoveWatermark(ctx context.Context, act ledger.Act, to time.Time) (before time.Time, err error) {
	return Once(ctx, a, ledger.MoveWatermark, act, to, func(tx pgx.Tx) (time.Time, error) {
		return a.store.MoveWatermark(ctx, tx, act, to)
	})
}

// Release lets held cancellations of the act's scheme go, these or all of them, and answers how many.
func (a Acts) Release(ctx context.Context, act ledger.Act, ids []int64) (released int64, err error) {
	filter := ledger.CancellationFilter{Scheme: act.Scheme, IDs: ids}
	effect, err := a.Operate(ctx, ledger.ReleaseHeld, act, filter, ledger.Bounds{Max: 1000})
	return effect.Count, err
}

// AskForRun is store.AskedForRun.
func (a Acts) AskForRun(ctx context.Context, act ledger.Act, kind ledger.RunKind) (time.Time, error) {
	return Once(ctx, a, ledger.StartRun, act, kind, func(tx pgx.Tx) (time.Time, error) {
		return a.store.AskedForRun(ctx, tx, act, kind)
	})
}

// StartBackfill is store.StartBackfill; no job begins it.
func (a Acts) StartBackfill(ctx context.Context, act ledger.Act, order ledger.BackfillOrder) (int64, error) {
	return Once(ctx, a, ledger.StartBackfill, act, order, func(tx pgx.Tx) (int64, error) {
		return a.store.StartBackfill(ctx, tx, act, order)
	})
}

// ApplyBackfill is store.ApplyBackfill; no job begins it.
func (a Acts) ApplyBackfill(ctx context.Context, act ledger.Act, id, maxCount int64) error {
	return a.plain(ctx, ledger.ApplyBackfill, act, []int64{id, maxCount}, func(tx pgx.Tx) error {
		return a.store.ApplyBackfill(ctx, tx, act, id, maxCount)
	})
}

// CancelBackfill is store.CancelBackfill.
func (a Acts) CancelBackfill(ctx context.Context, act ledger.Act, id int64) error {
	return a.plain(ctx, ledger.CancelBackfill, act, id, func(tx pgx.Tx) error {
		return a.store.CancelBackfill(ctx, tx, act, id)
	})
}

// Operate is store.Operate.
func (a Acts) Operate(
	ctx context.Context, verb ledger.Verb, act ledger.Act, f ledger.CancellationFilter, b ledger.Bounds,
) (ledger.Effect, error) {
	return a.effect(ctx, verb, act, []any{f, b}, b.DryRun, func(tx pgx.Tx) (ledger.Effect, error) {
		return a.store.Operate(ctx, tx, verb, act, f, b)
	})
}

// Reclassify is store.Reclassify.
func (a Acts) Reclassify(
	ctx context.Context, act ledger.Act, choice ledger.TextChoice, meaning rule.Disposition, b ledger.Bounds,
	timing func(string) rule.Timing,
) (ledger.Effect, error) {
	return a.effect(ctx, ledger.Reclassify, act, []any{choice, meaning, b}, b.DryRun,
		func(tx pgx.Tx) (ledger.Effect, error) {
			return a.store.Reclassify(ctx, tx, act, choice, meaning, b, timing)
		})
}

// CloseWorkItems is store.CloseWorkItems.
func (a Acts) CloseWorkItems(ctx context.Context, act ledger.Act, ids []int64, dryRun bool) (ledger.Effect, error) {
	return a.effect(ctx, ledger.CloseWork, act, ids, dryRun, func(tx pgx.Tx) (ledger.Effect, error) {
		return a.store.CloseWorkItems(ctx, tx, act, ids, dryRun)
	})
}

// effect does an act on cancellations or work items. A dry run is never kept.
func (a Acts) effect(
	ctx context.Context, verb ledger.Verb, act ledger.Act, request any, dryRun bool,
	do func(tx pgx.Tx) (ledger.Effect, error),
) (ledger.Effect, error) {
	if dryRun {
		act.RequestID = ""
	}
	var token string
	effect, err := Once(ctx, a, verb, act, request, func(tx pgx.Tx) (ledger.Effect, error) {
		made, err := do(tx)
		token = made.Token
		return made, err
	})
	effect.DryRun, effect.Token = dryRun && err == nil, token
	return effect, err
}
