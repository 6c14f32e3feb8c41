package intake

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func TestAllowancesFollowTheAnswerTimesSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Pace{}
		require.Equal(t, 10*time.Minute, p.Patience(), "five answers of the slowest server")
		require.Equal(t, leastWork, p.WorkFor())
		p.Saw(7 * time.Second)
		require.Equal(t, 84*time.Second, p.WorkFor(), "not all of a chunk goes into its first answers")
		p.Saw(120 * time.Second)
		p.Saw(time.Second)
		require.Equal(t, 16*time.Minute, p.Patience())
		p.Saw(10 * time.Minute)
		require.Equal(t, StreamTimeout, p.Patience())
		<-time.After(2 * time.Hour)
		require.Equal(t, 10*time.Minute, p.Patience(), "a server that was slow at night is quick by day")
		require.Equal(t, leastWork, p.WorkFor())
	})
}

// A read is given up when no frame comes, not when all of it takes long; and the next one is given longer.
func TestOnlyAFrameThatDoesNotComeEndsARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := &Pace{}
		read := func(answer time.Duration, pages int) error {
			r := Reader{Kingdee: &slowly{answer: answer, pages: pages},
				Entry: Entry{Scheme: &scheme.Scheme{DataCenter: "dc"}, Pace: pace}, Now: time.Now}
			return r.States(t.Context(), &kingdeev1.StreamBillStatesRequest{}, func(DataCentre) error { return nil },
				func(*kingdeev1.StatePage) error {
					<-time.After(10 * time.Minute) // what is done with a page is not Kingdee's time
					return nil
				})
		}
		require.NoError(t, read(2*time.Minute, 20))
		<-time.After(2 * time.Hour)
		began := time.Now()
		err := read(15*time.Minute, 1)
		require.Equal(t, codes.DeadlineExceeded, status.Code(err), "%v", err)
		require.Equal(t, 10*time.Minute, time.Since(began))
		require.NoError(t, read(15*time.Minute, 1), "what it had been given was noted")
	})
}
