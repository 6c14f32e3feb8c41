package rule

import "strings"

// ConditionRowOf is the row that has the words of a condition: the one of its reason, or the general one of its kind. A
// kind that this program does not know has none.
func ConditionRowOf(kind ConditionKind, reason string) ConditionRow {
	general := ConditionRow{Kind: kind, Reason: reason}
	for _, row := range ConditionRows() {
		if row.Kind != kind {
			continue
		}
		switch row.Reason {
		case reason:
			return row
		case "":
			general = row
		}
	}
	return general
}

// Filled is the row with the names of a condition in its words, as the ledger fills them in: pairs of a name, such as
// host, and its value.
func (r ConditionRow) Filled(pairs ...string) ConditionRow {
	named := make([]string, len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		named[i], named[i+1] = "{"+pairs[i]+"}", pairs[i+1]
	}
	words := strings.NewReplacer(named...)
	r.MessageZH, r.ActionZH = words.Replace(r.MessageZH), words.Replace(r.ActionZH)
	r.MessageEN, r.ActionEN = words.Replace(r.MessageEN), words.Replace(r.ActionEN)
	return r
}
