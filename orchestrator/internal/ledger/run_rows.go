package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// RunRows reads and ends runs of any kind. Safe for concurrent use.
type RunRows struct {
	pool *pgxpool.Pool
}

// NewRunRows reads through a pool that Open made.
func NewRunRows(pool *pgxpool.Pool) *RunRows { return &RunRows{pool: pool} }

// RunColumns reads runs of every kind, each with the detail of its kind.
const RunColumns = `
select r.run_id, r.scheme, r.kind, r.state, r.revision, r.asked, r.version, r.cursor_id, r.run_counts, r.start_time,
       r.end_time, r.error, r.note,
       coalesce(to_jsonb(w), '{}') as reading, coalesce(to_jsonb(c), '{}') as comparison,
       coalesce(to_jsonb(b) || jsonb_build_object('waits', b.not_before > now()), '{}') as backfill
from run r left join run_reading w using (run_id) left join run_comparison c using (run_id)
    left join run_backfill b using (run_id)`

// Run answers one run; ledger.ErrNotFound when there is none.
func (s *RunRows) Run(ctx context.Context, id int64) (Run, error) {
	return ReadRun(ctx, s.pool, id)
}

// RunIn is Run as a transaction sees it.
func (s *RunRows) RunIn(ctx context.Context, tx pgx.Tx, id int64) (Run, error) {
	return ReadRun(ctx, tx, id)
}

// ReadRun answers one run, as a pool or a transaction sees it; ErrNotFound when there is none.
func ReadRun(ctx context.Context, db Reads, id int64) (Run, error) {
	return ReadOne[Run](ctx, db, "read run", RunColumns+`
where r.run_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("run %d", id))
}

// UnfinishedRun answers the scheme's run of one of these kinds that did not end; nil when there is none. Of backfills
// there may be several: they are found by their ids.
func UnfinishedRun(ctx context.Context, db Reads, scheme string, kinds ...RunKind) (*Run, error) {
	rows, err := db.Query(ctx, RunColumns+`
where r.scheme = $1 and r.kind = any($2) and r.kind <> 'backfill' and r.state = 'running'`, scheme, kinds)
	if err != nil {
		return nil, fmt.Errorf("read unfinished run: %w", err)
	}
	run, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[Run])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read unfinished run: %w", err)
	}
	return run, nil
}

// InsertRun gives a run its row and its id; whoever calls adds the detail.
func InsertRun(ctx context.Context, tx pgx.Tx, run *Run) error {
	err := tx.QueryRow(ctx, `
insert into run (scheme, kind, revision, asked, cursor_id, note)
values (@scheme, @kind, @revision, @asked, @cursor, @note)
returning run_id, state, version, start_time`, pgx.StrictNamedArgs{
		"scheme": run.Scheme, "kind": run.Kind, "revision": run.Revision, "asked": run.Asked, "cursor": run.Cursor,
		"note": CleanText(run.Note),
	}).Scan(&run.ID, &run.State, &run.Version, &run.StartTime)
	if Violates(err, "run_one_unfinished") {
		return fmt.Errorf("another run of scheme %s is under way: %w", run.Scheme, ErrConflict)
	}
	return err
}

// RunEvents are the events of runs that end: rows with the columns run_id, scheme, kind and state.
func RunEvents(source string) string {
	return LeaveEvents(EventRunEnded, `state`, `kind`, `scheme`, `run_id`, source)
}

// SaveRun writes where a run of any kind stands, by compare-and-set on its version, which it moves; a state that is an
// end ends it. ledger.ErrRunMoved, and nothing is written, when it has ended or was moved by somebody else.
func SaveRun(ctx context.Context, tx pgx.Tx, run *Run) error {
	err := tx.QueryRow(ctx, `
with saved as (
    update run
    set version = version + 1, state = @state, revision = @revision, cursor_id = @cursor, run_counts = @run_counts,
        error = @error, note = @note, end_time = case when @ended then now() end
    where run_id = @run and version = @version and end_time is null
    returning run_id, scheme, kind, state, version, end_time
), told as (`+RunEvents(`saved where end_time is not null and @told`)+`
)
select version, end_time from saved`, pgx.StrictNamedArgs{
		"run": run.ID, "version": run.Version, "state": run.State, "revision": run.Revision, "cursor": run.Cursor,
		"run_counts": run.RunCounts, "error": CleanText(run.Error),
		"note": CleanText(run.Note), "ended": run.State.Ended(), "told": !run.quiet(),
	}).Scan(&run.Version, &run.EndTime)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("run %d: %w", run.ID, ErrRunMoved)
	}
	return err
}

// FailRun ends a run of any kind that cannot be right. What it planned stays planned and is taken up by the next, what
// it owed stays owed. One without a row, or that has ended, is left alone.
func (s *RunRows) FailRun(ctx context.Context, run *Run, reason string) error {
	if _, err := s.pool.Exec(ctx, `
with failed as (
    update run set version = version + 1, state = 'failed', end_time = now(), error = $2
    where run_id = $1 and end_time is null
    returning run_id, scheme, kind, state
), told as (`+RunEvents("failed")+`
)
select from failed`, run.ID, CleanText(reason)); err != nil {
		return fmt.Errorf("fail run: %w", err)
	}
	return nil
}

// NoteRun keeps why a run of any kind did not get on. It stays unfinished and is gone on with.
func (s *RunRows) NoteRun(ctx context.Context, run *Run, reason string) error {
	if _, err := s.pool.Exec(ctx, `update run set error = $2 where run_id = $1 and end_time is null`, run.ID,
		CleanText(reason)); err != nil {
		return fmt.Errorf("note run: %w", err)
	}
	return nil
}
