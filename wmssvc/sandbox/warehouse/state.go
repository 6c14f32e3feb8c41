package warehouse

import "fmt"

// State is where an order stands in the warehouse, in the words of the warehouse's own screen.
type State string

// The states of an order. In JSON the English names are understood as well; the Chinese ones are always answered.
const (
	StatePending        State = "待审核"  // pending: created, not yet approved
	StateApproved       State = "已审核"  // approved: released to the warehouse, nobody has touched it
	StateWorking        State = "作业中"  // working: being received or picked
	StatePartlyReceived State = "部分入库" // partly_received: some of the goods were booked
	StateDone           State = "已完成"  // done: all of the goods were booked, or the rest was closed
	StateCancelled      State = "已取消"  // cancelled: by a cancel request or by hand
)

var stateNames = map[string]State{
	"pending": StatePending, "approved": StateApproved, "working": StateWorking,
	"partly_received": StatePartlyReceived, "done": StateDone, "cancelled": StateCancelled,
}

func readState(text string) (State, error) {
	for english, state := range stateNames {
		if text == english || text == string(state) {
			return state, nil
		}
	}
	return "", fmt.Errorf("state %q is none of 待审核 已审核 作业中 部分入库 已完成 已取消", text)
}

// UnmarshalText reads a Chinese or English name. An empty one stays empty, which means StateApproved on creation.
func (s *State) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = ""
		return nil
	}
	read, err := readState(string(text))
	*s = read
	return err
}

// final states are left only by force: no warehouse un-receives goods or revives a cancelled order.
func (s State) final() bool { return s == StateDone || s == StateCancelled }
