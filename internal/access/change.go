package access

import (
	"cmp"
	"slices"
)

// CallersChange is what became of the lines of the file of callers while a service ran. A line whose role or last day
// was changed has ended, and is added.
type CallersChange struct{ Added, Ended []Listed }

// changeOf compares the lines of two files, whatever their order.
func changeOf(before, next *Callers) CallersChange {
	had, has := map[Listed]bool{}, map[Listed]bool{}
	note := func(callers *Callers, into map[Listed]bool) {
		if callers == nil {
			return
		}
		for _, one := range callers.List() {
			one.Line = 0
			into[one] = true
		}
	}
	note(before, had)
	note(next, has)
	return CallersChange{Added: onlyIn(has, had), Ended: onlyIn(had, has)}
}

func onlyIn(all, others map[Listed]bool) []Listed {
	var only []Listed
	for one := range all {
		if !others[one] {
			only = append(only, one)
		}
	}
	slices.SortFunc(only, func(a, b Listed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Token, b.Token))
	})
	return only
}

// Any says whether anything was changed.
func (c CallersChange) Any() bool { return len(c.Added)+len(c.Ended) > 0 }

// Text is a line without its place in the file, as a log has it: its name, role, and the beginning of its token's
// digest or `certificate`.
func (l Listed) Text() string {
	text := l.Name + " " + l.Role.String() + " " + cmp.Or(l.Token, certificate)
	if !l.Until.IsZero() {
		text += " until " + l.Until.Format("2006-01-02")
	}
	return text
}
