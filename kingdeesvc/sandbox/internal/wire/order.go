package wire

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/form"
)

type orderKey struct {
	key  string
	get  func(form.Row) filter.Value
	desc bool
}

func (q *query) readOrder(text string, p behaviour.Personality) error {
	if strings.TrimSpace(text) == "" || text == "null" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 {
			return &vendorError{behaviour.MsgParameter, "排序字段OrderString错误: " + part}
		}
		f, err := q.resolve(words[0], p)
		if err != nil {
			return err
		}
		k := orderKey{key: f.Key, get: f.Get}
		if len(words) == 2 {
			k.desc = strings.EqualFold(words[1], "desc")
			if !k.desc && !strings.EqualFold(words[1], "asc") {
				return &vendorError{behaviour.MsgParameter, "排序字段OrderString错误: " + part}
			}
		}
		q.order = append(q.order, k)
	}
	return nil
}

// byBill reports whether rows are asked for in the order in which they are found,
// bill by bill: then a page is complete as soon as it is full.
func (q *query) byBill() bool {
	return len(q.order) > 0 && q.order[0].key == "FID" && !q.order[0].desc
}

// sort shuffles rows and then orders them by what was asked for: rows that the
// order does not tell apart come as they like, differently from call to call.
func (q *query) sort(rows []form.Row, rng *rand.Rand) {
	if q.byBill() && q.level == form.LevelHead {
		return // FID alone tells all rows apart, and they were found in its order
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	if len(q.order) == 0 {
		return
	}
	slices.SortStableFunc(rows, func(a, b form.Row) int {
		for _, k := range q.order {
			c := filter.Compare(k.get(a), k.get(b))
			if c != 0 && k.desc {
				return -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}
