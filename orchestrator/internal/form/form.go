// Package form has the forms of bill that schemes may watch, as data: what kinds of bill and of line a form has, and
// which warehouse orders its bills give rise to. A further form is one more file here. How its bills are read stands in
// kingdeesvc's table of the same form; the names of entities and kinds are that table's.
package form

import (
	"slices"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// All are the forms there are.
var All = []rule.Form{AssembledApp, ReturnApp}

// Of is the form of this id.
func Of(id string) (rule.Form, bool) {
	if at := slices.IndexFunc(All, func(f rule.Form) bool { return f.ID == id }); at >= 0 {
		return All[at], true
	}
	return rule.Form{}, false
}
