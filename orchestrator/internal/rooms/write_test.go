package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// writer drives the write side of one store, with one scheme in mode send that has a watermark.
type writer struct {
	*testing.T
	store *rooms.All
	pool  *pgxpool.Pool
	rows  rowtest.DB
	// reuse is what the scheme says of a bill's number.
	reuse rule.NumberReuse
}

func setupWriter(t *testing.T) *writer {
	t.Parallel()
	s, pool := openStore(t)
	w := &writer{T: t, store: s, pool: pool, rows: rowtest.New(t, pool)}
	w.rows.Scheme(rowtest.Scheme{})
	return w
}

// acts does acts of persons, each as a call of its own.
func (w *writer) acts() acttest.Acts { return acttest.New(w.pool) }

func none(pgx.Tx) error { return nil }

var voidsOnly = rule.Policy{Triggers: map[rule.Trigger]rule.Terms{rule.TriggerVoided: {}}}

// run is an incremental run that follows the watermark as it stands.
func (w *writer) run() *ledger.Run {
	w.Helper()
	standing, err := w.store.Scheme(w.Context(), rowtest.SchemeName)
	require.NoError(w, err)
	run := &ledger.Run{Scheme: rowtest.SchemeName, Kind: ledger.Incremental, Revision: 1}
	run.Reading = ledger.ReadingDetail{
		WatermarkVersion: standing.Watermark.Version, SendSince: standing.SendSince,
		WatermarkBefore: standing.Watermark.Time,
		LowerEdge:       rule.LowerEdge(standing.Watermark.Time, 0),
	}
	run.SetClock(rule.Clock{Vendor: rowtest.Now.Add(time.Minute), Service: rowtest.Now.Add(time.Minute)})
	return run
}

// look is one that is decided under the scheme as it stands.
func (w *writer) basisOf(perHour, perDay int64) ledger.Basis {
	w.Helper()
	standing, err := w.store.Scheme(w.Context(), rowtest.SchemeName)
	require.NoError(w, err)
	return ledger.Basis{
		Scheme: rowtest.SchemeName, Revision: 1, SendSince: standing.SendSince,
		SafetyLimits: rule.SafetyLimits{PerHour: perHour, PerDay: perDay},
	}
}

func finishAt(watermark time.Time) ledger.Finish {
	return ledger.Finish{
		WatermarkAfter: watermark, TimeZone: "Asia/Shanghai",
		SafetyLimits: rule.SafetyLimits{PerHour: 100, PerDay: 500},
	}
}

// voidedPage is a page with one voided bill, read just now, that owes one order in each of these warehouses.
func voidedPage(id int64, no string, warehouses ...string) ledger.Page {
	now := time.Now()
	state := rule.State{
		ID: id, Number: no, Org: "100", DocumentStatus: "D", CancelStatus: "B", Kind: "Assembly", CancelTime: now,
	}
	page := ledger.Page{
		Cursor: id,
		Bills: []ledger.BillWrite{{After: rule.Known{
			State: state, ReadTime: now, Class: rule.ClassVoided, Generation: 1, GenerationLive: true,
			EverLive: true, GenerationCancel: now,
		}}},
		RunCounts: rule.RunCounts{Rows: 1, RowsOfBills: 1, Bills: 1, Voided: 1, Orders: int64(len(warehouses))},
	}
	for _, warehouse := range warehouses {
		page.Cancellations = append(page.Cancellations, ledger.Cancellation{
			BillID: id, BillNo: no, Generation: 1,
			Order: rule.Order{BillKind: "Assembly", Direction: "in", Warehouse: "CK-" + warehouse},
			Request: rule.Request{
				Account: "default", WarehouseCode: warehouse, OrderCode: no, OrderType: "QTRK", CancelReason: "作废",
			},
			Triggers: []rule.Trigger{rule.TriggerVoided}, Evidence: rule.EvidenceSnapshot,
			OrdersFrom: rule.OrdersFromSnapshot, VerifiedTime: now, BusinessDate: now,
		})
	}
	return page
}

// owe ends a run that found one voided bill, and answers its cancellations as a batch would load them.
func (w *writer) owe(id int64, no string, warehouses ...string) []ledger.Due {
	w.Helper()
	_, err := w.store.FinishRun(w.Context(), w.run(), voidedPage(id, no, warehouses...),
		finishAt(rowtest.Now.Add(time.Second)), none)
	require.NoError(w, err)
	return w.due(no)
}

func (w *writer) due(no string) []ledger.Due {
	w.Helper()
	rows, err := w.pool.Query(w.Context(), `select cancellation_id from cancellation_now where bill_no = $1`, no)
	require.NoError(w, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(w, err)
	due, err := w.store.Load(w.Context(), ids)
	require.NoError(w, err)
	for i := range due {
		due[i].SendBefore = time.Now().Add(time.Minute)
	}
	return due
}

func (w *writer) lease(due []ledger.Due) []ledger.Due {
	w.Helper()
	leased, err := w.store.Lease(w.Context(), due, time.Minute)
	require.NoError(w, err)
	return leased
}

func (w *writer) result(d ledger.Due, disposition rule.Disposition, next rule.Next) {
	w.Helper()
	err := w.store.StoreResults(w.Context(), []ledger.Result{w.resultOf(d, disposition, next)},
		func(_ ledger.Result, err error) { w.Fatal(err) })
	require.NoError(w, err)
}

func (w *writer) resultOf(d ledger.Due, disposition rule.Disposition, next rule.Next) ledger.Result {
	return ledger.Result{
		ID: d.ID, Attempt: d.Attempt, Scheme: d.Scheme, BillID: d.BillID, BillNo: d.BillNo, Question: d.Question,
		Answer: rule.Answer{Disposition: disposition}, SameDisposition: disposition, SameCount: 1,
		SameSince: time.Now(), Next: next,
	}
}

func (w *writer) text(sql string, args ...any) string {
	w.Helper()
	var out string
	require.NoError(w, w.pool.QueryRow(w.Context(), sql, args...).Scan(&out))
	return out
}

func (w *writer) state(d ledger.Due) string {
	w.Helper()
	return w.text(`select state from cancellation_now where cancellation_id = $1`, d.ID)
}

func (w *writer) count(sql string, args ...any) int {
	w.Helper()
	var n int
	require.NoError(w, w.pool.QueryRow(w.Context(), sql, args...).Scan(&n))
	return n
}

var done = rule.Next{State: rule.Done, Outcome: "cancelled"}
