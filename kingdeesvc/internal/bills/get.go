package bills

import (
	"context"
	"errors"
	"fmt"
	"time"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// ErrNotShown is a bill that View knows and the query does not show: data permission.
var ErrNotShown = errors.New("the bill exists and is not shown to this user")

// Undecodable is one bill that cannot be delivered.
type Undecodable struct{ Problem *kingdeev1.BillProblem }

// Error implements error.
func (e *Undecodable) Error() string {
	return fmt.Sprintf("bill %d cannot be decoded: %s %s", e.Problem.Id, e.Problem.Field, e.Problem.Detail)
}

// Get reads one bill, asking View first: only View's word says that a bill is gone.
func (r *Reading) Get(ctx context.Context, id int64) (*kingdeev1.Bill, time.Time, error) {
	if _, err := r.vendor.View(ctx, r.formID, id); err != nil {
		return nil, time.Time{}, err
	}
	var found Page
	err := r.whole(ctx, idPage{ids: []int64{id}}, func(got drafts) error {
		page := r.decodePage(got)
		found.Bills = append(found.Bills, page.Bills...)
		found.Problems = append(found.Problems, page.Problems...)
		found.Left = earlier(found.Left, got.left)
		return nil
	})
	switch {
	case err != nil:
		return nil, found.Left, err
	case len(found.Problems) > 0:
		return nil, found.Left, &Undecodable{Problem: found.Problems[0]}
	case len(found.Bills) == 0:
		return nil, found.Left, ErrNotShown
	}
	return found.Bills[0], found.Left, nil
}
