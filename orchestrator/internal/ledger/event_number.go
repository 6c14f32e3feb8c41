package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Identity is which ledger this is, and which events it has numbered. Events are kept from Dropped on, which is not.
type Identity struct {
	// LedgerID is drawn anew when the ledger was restored elsewhere, or from an older copy.
	LedgerID [16]byte
	// Newest is the number of the newest event, and Dropped that of the newest one that is no longer kept; 0 for none.
	Newest, Dropped int64
}

// here is true of a row i of ledger_identity in the place where it was drawn. A standby is not asked: it has the same
// rows, and serves nobody.
const here = `case when pg_is_in_recovery() then true else exists (
    select from ledger_place p
    where (p.system_identifier, p.timeline, p.database_oid, p.event_oid)
        = (i.system_identifier, i.timeline, i.database_oid, i.event_oid)) end`

// ReadIdentity answers which ledger this is. One that stands in another place than the one where its identity was drawn
// gets a new one first: it was restored, and events that somebody saw may be missing from it.
func ReadIdentity(ctx context.Context, pool *pgxpool.Pool) (Identity, error) {
	for {
		identity, drawnHere, err := IdentityIn(ctx, pool)
		if err != nil || drawnHere {
			return identity, err
		}
		if _, err := pool.Exec(ctx, drawIdentity); err != nil {
			return Identity{}, fmt.Errorf("draw the ledger's identity: %w", FaultOf(err))
		}
	}
}

// IdentityIn answers what a pool or a transaction sees, and whether the identity was drawn in this place.
func IdentityIn(ctx context.Context, db Reads) (identity Identity, drawnHere bool, err error) {
	err = db.QueryRow(ctx, `select ledger_id, newest_number, dropped_number, `+here+` from ledger_identity i`).
		Scan(&identity.LedgerID, &identity.Newest, &identity.Dropped, &drawnHere)
	if err != nil {
		err = fmt.Errorf("read the ledger's identity: %w", FaultOf(err))
	}
	return identity, drawnHere, err
}

// drawIdentity draws a new id, once, whoever else does so at this moment: who waits for the row finds it in its place.
const drawIdentity = `
update ledger_identity i
set ledger_id = gen_random_uuid(), draw_time = now(), system_identifier = p.system_identifier,
    timeline = p.timeline, database_oid = p.database_oid, event_oid = p.event_oid
from ledger_place p
where (p.system_identifier, p.timeline, p.database_oid, p.event_oid)
    is distinct from (i.system_identifier, i.timeline, i.database_oid, i.event_oid)`

// EventGroup is how many events are numbered at once, at most.
const EventGroup = 5000

// NumberEvents numbers what has been committed since, at most EventGroup of it, and answers how many that were. Who
// numbers locks the ledger's identity until that is committed, so the numbers of one group are all seen before those of
// the next; and each statement sees what was committed when it begins, so nothing is numbered that could be taken back.
// All of it goes to the server at once: a process that dies or freezes meanwhile keeps nobody waiting.
func NumberEvents(ctx context.Context, pool *pgxpool.Pool) (numbered int64, err error) {
	var waiting bool
	if err := pool.QueryRow(ctx, `select exists (select from event_inbox)`).Scan(&waiting); err != nil || !waiting {
		return 0, orNumber(err)
	}
	var batch pgx.Batch
	batch.Queue(drawIdentity)
	batch.Queue(`select from ledger_identity for update`)
	batch.Queue(`
with taken as (
    delete from event_inbox
    where ctid = any(array(select ctid from event_inbox order by event_id limit $1))
    returning event_id, kind, state, reason, scheme, about_id, create_time
), numbered as (
    insert into event (event_number, kind, state, reason, scheme, about_id, create_time)
    select i.newest_number + row_number() over (order by t.event_id), t.kind, t.state, t.reason, t.scheme, t.about_id,
           t.create_time
    from taken t cross join ledger_identity i
)
update ledger_identity set newest_number = newest_number + n from (select count(*) as n from taken) t where n > 0
returning n`, EventGroup).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&numbered); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil // somebody else has just numbered them
	})
	return numbered, orNumber(pool.SendBatch(ctx, &batch).Close())
}

func orNumber(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("number events: %w", FaultOf(err))
}
