package scheme

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many characters a name to show has at most.
const maxName = 50

// name reads what people call something; empty when absent.
func (o object) name(key string) string {
	name := strings.TrimSpace(o.text(key, false))
	switch {
	case utf8.RuneCountInString(name) > maxName:
		o.fault(key, "must have at most %d characters", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		o.fault(key, "must not have control characters")
	default:
		return name
	}
	return ""
}

// names reads a mapping from numbers to what people call them; nil when absent.
func (o object) names(key string) map[string]string {
	n := o.value(key, false)
	if n == nil {
		return nil
	}
	table, ok := o.d.object(n, o.at(key), nil)
	if !ok {
		return nil
	}
	named := map[string]string{}
	for _, number := range table.order {
		if name := table.name(number); name != "" {
			named[number] = name
		}
	}
	return named
}

// Warehouses are all that the scheme's table lists, by Kingdee's number.
func (s *Scheme) Warehouses() map[string]Warehouse { return s.warehouses }
