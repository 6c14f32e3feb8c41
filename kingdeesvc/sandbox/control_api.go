package sandbox

import (
	"context"
	"maps"
	"slices"
	"time"
)

// API is what the control calls work on. All of it must be given.
type API struct {
	// Sandbox, FormID and Account are told to whoever asks what this is.
	Sandbox, FormID string
	Account         Account
	// Open lets other machines call.
	Open    bool
	Now     func() time.Time
	Store   *store
	Clerk   *Clerk
	Conduct *Conduct
	Face    *Face
	// Reset empties the sandbox or fills it anew.
	Reset func(ctx context.Context, seed uint64) error
}

// controlPatterns are the calls, as http.ServeMux writes them, in order.
func controlPatterns() []string { return slices.Sorted(maps.Keys((&API{}).controlCalls())) }
