package intake

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// BillNow reads light what Kingdee shows now of the bills with one number. Nothing is decided by it and nothing kept.
// The page is as old as the moment before the query left. The error of a read is in words (ReadFault); other books than
// the scheme's are a StopError, which stops nothing here.
func (r Reader) BillNow(ctx context.Context, number string) (*kingdeev1.StatePage, error) {
	whole := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(r.Now())}
	err := r.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Numbers{
			Numbers: &kingdeev1.BillNumbers{Numbers: []string{number}},
		},
	}, func(DataCentre) error { return nil }, func(page *kingdeev1.StatePage) error {
		whole.States = append(whole.States, page.GetStates()...)
		whole.Problems = append(whole.Problems, page.GetProblems()...)
		return nil
	})
	return whole, ReadFault(err)
}
