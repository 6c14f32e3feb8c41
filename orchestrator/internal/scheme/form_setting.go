package scheme

import (
	"regexp"
	"slices"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// keyOfCloseStatus is the column that shows whether a bill is closed, keyOfWarehouse that of a line's warehouse.
const (
	keyOfCloseStatus = "close_status"
	keyOfWarehouse   = "warehouse_number"
)

// keyInRequest is how kingdeesvc takes a Kingdee key.
var keyInRequest = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]{0,119}$`)

// decodeKeys reads which Kingdee keys hold for the columns that the form leaves open. o is the section kingdee.
func (o object) decodeKeys(s *Scheme) {
	if !o.has("keys") {
		return
	}
	table, ok := o.d.object(o.fields["keys"].value, o.at("keys"), nil)
	if !ok {
		return
	}
	open := s.BillForm().Open
	s.Keys = map[string]string{}
	for _, column := range table.order {
		key := table.text(column, true)
		switch {
		case s.BillForm().ID == "": // the form itself is the fault
		case len(open) == 0:
			table.fault(column, "the keys of %s are known; leave it out", s.Form)
		case !slices.Contains(open, column):
			table.fault(column, "%s has no such column, or its key is known; %s", s.Form, suggest(column, open))
		case key != "" && !keyInRequest.MatchString(key):
			table.fault(column, "`%s` is no Kingdee field: letters, digits, _ and ., a letter first, at most 120", key)
		default:
			s.Keys[column] = key
		}
	}
}

// checkWarehouseKeys refuses a scheme whose bills would be read without their warehouses: all of them would be outside,
// and nothing would ever be cancelled.
func (o object) checkWarehouseKeys(s *Scheme) {
	f := s.BillForm()
	for _, entity := range f.Lines {
		column := entity.Entity + "." + keyOfWarehouse
		if slices.Contains(f.Unkeyed, column) && s.Keys[column] == "" {
			o.fault("keys", "must name the Kingdee field of %s: no public source says by which one %s shows it", column,
				s.Form)
		}
	}
}

// decodeClosedEnds reads whether closed bills count as voided.
func (o object) decodeClosedEnds(s *Scheme) {
	s.ClosedEnds = o.boolean("closed_ends")
	f := s.BillForm()
	switch {
	case !s.ClosedEnds || f.ID == "":
	case !f.Closes:
		o.fault("closed_ends", "bills of %s have no closed state; leave it out", s.Form)
	case !slices.Contains(s.Triggers, rule.TriggerVoided):
		o.fault("closed_ends", "is of no effect: `voided` is not among the triggers")
	case slices.Contains(f.Unkeyed, keyOfCloseStatus) && s.Keys[keyOfCloseStatus] == "":
		o.fault("closed_ends", "needs kingdee.keys.%s: no public source says by which field %s shows it",
			keyOfCloseStatus, s.Form)
	}
}
