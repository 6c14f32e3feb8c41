// Package control is the JSON API under /control/, by which people and tests play with the sandbox over HTTP. It does
// nothing that the sandbox's own methods do not.
package control

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/wire"
)

// API is what the control calls work on. All of it must be given.
type API struct {
	// Sandbox, Forms (their ids) and Account are told to whoever asks what this is.
	Sandbox string
	Forms   []string
	Account wire.Account
	// Open lets other machines call.
	Open    bool
	Now     func() time.Time
	Store   *books.Store
	Clerk   *books.Clerk
	Conduct *behaviour.Conduct
	Face    *wire.Face
	// Reset empties the sandbox or fills it anew.
	Reset func(ctx context.Context, seed uint64) error
}

// Patterns are the calls, as http.ServeMux writes them, in order.
func Patterns() []string { return slices.Sorted(maps.Keys((&API{}).calls())) }
