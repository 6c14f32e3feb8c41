package bills

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhichPageIsTheLast(t *testing.T) {
	at := time.Unix(1700000000, 0)
	for name, c := range map[string]struct {
		before []int
		rows   int
		later  time.Duration
		want   bool
	}{
		"nothing":                                   {nil, 0, 0, true},
		"a full page":                               {nil, 2000, 0, false},
		"a handful":                                 {nil, 19, 0, true},
		"more than a handful, of a new server":      {nil, 20, 0, false},
		"fewer than were served before":             {[]int{500}, 499, 0, true},
		"as many as were served before":             {[]int{500}, 500, 0, false},
		"more than were served before":              {[]int{500}, 501, 0, false},
		"fewer than were served an hour ago":        {[]int{500}, 499, time.Hour + time.Second, false},
		"a handful, an hour after":                  {[]int{500}, 19, time.Hour + time.Second, true},
		"what short pages before it said is no use": {[]int{30, 7}, 30, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var sizes pageSizes
			for _, rows := range c.before {
				sizes.last(rows, 2000, at)
			}
			require.Equal(t, c.want, sizes.last(c.rows, 2000, at.Add(c.later)))
		})
	}
}

func TestACutIsToldOnce(t *testing.T) {
	var sizes pageSizes
	require.True(t, sizes.cut(500))
	require.False(t, sizes.cut(500))
	require.True(t, sizes.cut(300))
}
