package event

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// ErrToken says that a text is no token.
var ErrToken = errors.New("the event token is damaged")

// Token is a place in the events of one ledger: behind the event of that number.
type Token struct {
	LedgerID [16]byte
	// Number is 0 before the first event.
	Number int64
}

// tokenBytes is how long a token is before it becomes text: the id, then the number.
const tokenBytes = 24

// String is the token as callers get it: 32 letters and digits that mean nothing to them.
func (t Token) String() string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(t.LedgerID[:], uint64(t.Number)))
}

// ParseToken reads what String wrote; ErrToken for anything else.
func ParseToken(text string) (Token, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != tokenBytes {
		return Token{}, ErrToken
	}
	t := Token{LedgerID: [16]byte(raw), Number: int64(binary.BigEndian.Uint64(raw[16:]))}
	// The decoder overlooks line breaks; we do not.
	if t.Number < 0 || t.String() != text {
		return Token{}, ErrToken
	}
	return t, nil
}

// Newest is behind all events of a ledger, and Oldest before the first that is kept.
func Newest(i ledger.Identity) Token { return Token{i.LedgerID, i.Newest} }

// Oldest is before the first event that a ledger keeps.
func Oldest(i ledger.Identity) Token { return Token{i.LedgerID, i.Dropped} }

// StaleError refuses a token behind which not all events are there: it is from before a restore, or events behind it
// are no longer kept. It says where to begin instead.
type StaleError struct {
	// Restored: it is of another ledger, such as this one before it was restored. Else it is too old.
	Restored bool
	// Oldest is before the first event that is kept, Newest behind the last.
	Oldest, Newest Token
}

func (e *StaleError) Error() string {
	why := "events behind it are no longer kept (事件已过保留期)"
	if e.Restored {
		why = "it is from before the ledger was restored (账本已被恢复或更换)"
	}
	return fmt.Sprintf("the event token is stale: %s; compare what you keep with the lists, then go on behind the "+
		"newest event, %s, or with the oldest that is kept, %s", why, e.Newest, e.Oldest)
}

// check refuses a token that is not of this ledger, or behind which events are gone.
func check(t Token, i ledger.Identity) error {
	restored := t.LedgerID != i.LedgerID || t.Number > i.Newest
	if restored || t.Number < i.Dropped {
		return &StaleError{Restored: restored, Oldest: Oldest(i), Newest: Newest(i)}
	}
	return nil
}
