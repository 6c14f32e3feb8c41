package intake

import (
	"context"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// pieceBills is how many changed bills are read whole and written at a time.
const pieceBills = 200

// Pieces cuts a light page so that none holds more than pieceBills changed bills. Together they hold every row of the
// page; each says up to which id everything before it is told.
func (p *Pager) Pieces(ctx context.Context, page *kingdeev1.StatePage) ([]*kingdeev1.StatePage, error) {
	states := page.GetStates()
	if len(states) <= pieceBills {
		return []*kingdeev1.StatePage{page}, nil
	}
	ids := make([]int64, len(states))
	for i, s := range states {
		ids[i] = s.GetId()
	}
	known, err := p.store.Known(ctx, p.run.Scheme, ids)
	if err != nil {
		return nil, err
	}
	if err := p.wentBack(page, known); err != nil {
		return nil, err
	}
	var pieces []*kingdeev1.StatePage
	problems, rows := page.GetProblems(), page.GetRows()
	from, changed := 0, 0
	form := p.reader.Entry.BillForm()
	for i, s := range states {
		if state, ok := StateOf(form, s); !ok || p.changed(known[s.GetId()], state) {
			changed++
		}
		if changed < pieceBills || i == len(states)-1 {
			continue
		}
		piece := &kingdeev1.StatePage{
			States: states[from : i+1], QueryLeftTime: page.GetQueryLeftTime(),
			LastId: min(s.GetId(), page.GetLastId()),
		}
		for len(problems) > 0 && problems[0].GetId() <= s.GetId() {
			piece.Problems = append(piece.Problems, problems[0])
			problems = problems[1:]
		}
		piece.Rows = int64(len(piece.States)) + rowsOf(piece.Problems)
		rows -= piece.Rows
		pieces = append(pieces, piece)
		from, changed = i+1, 0
	}
	// The last piece answers for all rows that are left, so that a page that miscounts is still noticed by the run
	// counts.
	return append(pieces, &kingdeev1.StatePage{
		States: states[from:], Problems: problems, Rows: rows,
		QueryLeftTime: page.GetQueryLeftTime(), LastId: page.GetLastId(),
	}), nil
}

func rowsOf(problems []*kingdeev1.BillProblem) (rows int64) {
	for _, p := range problems {
		rows += int64(p.GetRows())
	}
	return rows
}
