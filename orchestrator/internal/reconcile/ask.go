package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// errNothingShown: not one of many known bills was shown. That says nothing of any of them.
var errNothingShown = errors.New("kingdee shows none of the bills that the ledger knows")

// steps keep how far a recheck or a reconcile run has come: save in the transaction that wrote what was told, which may
// be repeated; done once that is through.
type steps struct {
	save func(tx pgx.Tx, told ledger.Told) error
	done func(told ledger.Told)
}

// question asks for bills by id, decides what differs from the ledger, and notes what is not shown.
type question struct {
	*reread
	// ids asked for, ascending. The stream may hold others, asked for as controls.
	ids []int64
	steps
	pager  *intake.Pager
	at     time.Time
	shown  map[int64]bool
	doubt  bool
	any    bool
	cursor int64
	// carry is what pieces without news leave to the next save.
	carry ledger.Told
}

// ask reads these bills light by id, with controls, and stores what comes of it: in pieces, each with a save. It
// answers which ids were shown. ErrLeft: the time was up, the last save knows how far it came, and its successor is in
// the queue.
func (l *reread) ask(ctx context.Context, ids, controls []int64, keep steps) (map[int64]bool, error) {
	q := &question{reread: l, ids: ids, steps: keep, shown: map[int64]bool{}, cursor: ids[0] - 1}
	all := append(slices.Clone(ids), controls...)
	slices.Sort(all)
	err := l.reader.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: slices.Compact(all)}},
	}, q.header, func(page *kingdeev1.StatePage) error { return q.take(ctx, page) })
	if err != nil {
		return nil, err
	}
	if !q.any {
		return nil, errNothingShown
	}
	return q.shown, q.commit(ctx, ledger.Page{}, ids[len(ids)-1], false)
}

// header gets ready to decide.
func (q *question) header(a intake.DataCentre) error {
	q.at = a.Clock.Service
	q.pager = intake.NewPager(q.Store, q.reader, intake.Outside(q.entry, a), q.standing, a)
	return nil
}

// take decides one light page, in pieces.
func (q *question) take(ctx context.Context, page *kingdeev1.StatePage) error {
	for _, s := range page.GetStates() {
		q.shown[s.GetId()], q.any = true, true
	}
	for _, problem := range page.GetProblems() {
		if problem.GetId() == 0 {
			// Any of those asked for.
			q.doubt = true
		}
		q.shown[problem.GetId()], q.any = true, true
	}
	pieces, err := q.pager.Pieces(ctx, page)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		if err := q.write(ctx, piece); err != nil {
			return err
		}
	}
	return nil
}

// conflicts is how often a piece is decided again because the ledger moved on: by then it is stale, and writes nothing.
const conflicts = 3

// write decides a piece and stores it, if there is anything to store; when the time is up, with a job that goes on from
// here.
func (q *question) write(ctx context.Context, piece *kingdeev1.StatePage) error {
	upTo := min(piece.GetLastId(), q.ids[len(q.ids)-1])
	// A chunk that would leave where it began never gets on: pages that hold only controls do not count.
	leave := q.leaving() && q.cursor < upTo && upTo < q.ids[len(q.ids)-1]
	var err error
	suspect := false
	for range conflicts {
		var page ledger.Page
		if page, err = q.pager.Decide(ctx, piece); err != nil {
			return err
		}
		suspect = suspect || page.Suspect != ""
		if page.Empty() && len(page.Work) == 0 && !leave {
			q.carry.RunCounts.Add(page.RunCounts)
			return nil
		}
		if err = q.commit(ctx, page, upTo, leave); !errors.Is(err, ledger.ErrConflict) {
			break
		}
	}
	switch {
	case err != nil:
		return err
	case suspect:
		return intake.ErrSuspect
	case leave:
		return intake.ErrLeft
	}
	return nil
}

// commit writes a page with what was carried, what was asked for up to this id and not shown, and the save.
func (q *question) commit(ctx context.Context, page ledger.Page, upTo int64, leave bool) error {
	var told ledger.Told
	_, err := q.Store.CommitDecided(ctx, ledger.Basis{Scheme: q.entry.Name, Revision: q.entry.Revision,
		SendSince: q.standing.SendSince, SafetyLimits: q.entry.SafetyLimits()}, page,
		func(tx pgx.Tx, committed ledger.Committed) error {
			told = q.carry
			told.Add(ledger.Told{Changed: int64(len(page.Bills)), Work: committed.Work, Late: page.Late,
				RunCounts: committed.RunCounts})
			told.Cursor = max(upTo, q.cursor)
			bills, missing := q.split(told.Cursor)
			told.Bills = bills
			if !q.doubt {
				var err error
				if told.Absent, err = q.Store.NoteAbsent(ctx, tx, q.entry.Name, missing, q.at); err != nil {
					return err
				}
			}
			if err := q.save(tx, told); err != nil {
				return err
			}
			if leave {
				return q.leave(ctx, tx)
			}
			return nil
		})
	if err != nil {
		return err
	}
	q.carry, q.cursor = ledger.Told{}, told.Cursor
	q.done(told)
	return nil
}

// split counts what was asked for behind the cursor and up to this id, and says which of it was not shown.
func (q *question) split(upTo int64) (shown int64, missing []int64) {
	for _, id := range q.ids {
		switch {
		case id <= q.cursor || id > upTo:
		case q.shown[id]:
			shown++
		default:
			missing = append(missing, id)
		}
	}
	return shown, missing
}
