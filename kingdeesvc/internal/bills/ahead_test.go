package bills

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// numbers is a read that tells of each page once it begins to hand it over.
func numbers(began chan<- int, most int) func(context.Context, func(int) error) error {
	return func(_ context.Context, emit func(int) error) error {
		for i := range most {
			began <- i
			if err := emit(i); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestTheNextPageIsReadWhileTheLastIsEmittedAndNoMore(t *testing.T) {
	began := make(chan int, 10)
	var got []int
	require.NoError(t, ahead(t.Context(), numbers(began, 4), func(page int) error {
		require.Equal(t, page, <-began)
		if page < 3 {
			next := <-began // waits for it: it is read before this page is done with
			require.Equal(t, page+1, next)
			require.Empty(t, began, "one page ahead, not two")
			began <- next
		}
		got = append(got, page)
		return nil
	}))
	require.Equal(t, []int{0, 1, 2, 3}, got)
}

func TestReadingEndsWhenEmittingFailsAndTheOtherWayRound(t *testing.T) {
	full, began := errors.New("full"), make(chan int, 10)
	err := ahead(t.Context(), numbers(began, 10), func(page int) error {
		if page == 1 {
			return full
		}
		return nil
	})
	require.ErrorIs(t, err, full)
	require.Less(t, len(began), 5)

	dry := errors.New("dry")
	count := 0
	err = ahead(t.Context(), func(_ context.Context, emit func(int) error) error {
		require.NoError(t, emit(1))
		return dry
	}, func(int) error { count++; return nil })
	require.ErrorIs(t, err, dry)
	require.Equal(t, 1, count, "what was read before the error is delivered")
}

func TestAPanicWhileReadingIsRaisedInTheCaller(t *testing.T) {
	defer func() {
		cause := fmt.Sprint(recover())
		require.Contains(t, cause, "no such column")
		require.Contains(t, cause, "ahead_test.go", "the line that panicked is named, not the one that raised it again")
	}()
	_ = ahead(t.Context(), func(context.Context, func(int) error) error { panic("no such column") },
		func(int) error { return nil })
	t.Fatal("the panic was swallowed")
}

func TestACallerWhoLeavesEndsTheQueryUnderWay(t *testing.T) {
	b := setup(t, 10, behaviour.Personality{})
	_, err := b.vendor.Bulk(t.Context(), books.Bulk{Count: 60})
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	queries := 0
	b.before = func(kingdee.Query) {
		if queries++; queries == 3 {
			require.NoError(t, b.vendor.AddFault(behaviour.Fault{DelayMillis: 3_600_000}))
			leave()
		}
	}
	selected, err := b.reading(t, Options{}).Select(Selection{AfterID: 1})
	require.NoError(t, err)
	err = selected.States(ctx, func(StatePage) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, queries)
}
