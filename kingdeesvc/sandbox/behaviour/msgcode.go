package behaviour

// MsgCode is the useful discriminator of Kingdee's error objects; the table is
// published with github.com/deep-project/kingdee (pkg/core/model.go).
type MsgCode int

// The codes that the sandbox itself answers with.
const (
	MsgSessionLost  MsgCode = 1
	MsgNoPermission MsgCode = 2
	MsgException    MsgCode = 4
	MsgFormIDEmpty  MsgCode = 5
	MsgParameter    MsgCode = 8
	MsgUnknownField MsgCode = 9
	MsgNoData       MsgCode = 10
)
