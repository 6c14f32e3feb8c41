package operate

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Confirmed says what a person confirms: that this ledger counts in place of the one with the id Remembered, of which
// the event SeenEvent was seen, and that so many Acts and Outcomes of it are known to be missing.
type Confirmed struct {
	Remembered string `json:"remembered"`
	SeenEvent  int64  `json:"seen_event_number"`
	Acts       int64  `json:"act_count"`
	Outcomes   int64  `json:"outcome_count"`
}

// ConfirmLedger lets the ledger count as it is: it gets a new id, and keeps those of the ledgers in whose place it
// counts from now on. A host that remembers one of them accepts it, once, whenever it comes. No token of an event from
// before is good any more.
func ConfirmLedger(ctx context.Context, tx pgx.Tx, act ledger.Act, c Confirmed) error {
	if err := lockAll(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
insert into ledger_memory_past (memory_id)
select memory_id from ledger_identity
union
select $1::uuid
on conflict do nothing`, c.Remembered); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
update ledger_identity
set memory_id = gen_random_uuid(), ledger_id = gen_random_uuid(), draw_time = now()`); err != nil {
		return err
	}
	_, err := record(ctx, tx, ledger.ConfirmLedger, act, c, nothing{})
	return err
}
