// Package scheme reads schemes 方案: what to watch in which Kingdee data centre, and how an order of a bill becomes a
// request to cancel an order in the WMS.
//
// It owns the YAML format (schema.json describes it for editors), its checks and the mappings, which are CEL
// expressions over rule.Bill and rule.Order, type-checked when the file is read. A scheme that was loaded is complete:
// every default is filled in, every expression compiled, every example evaluated; it is read-only from then on and safe
// for concurrent use. A file with faults gives no scheme at all, but all faults at once, each with its line.
//
// It leaves to others: which vendors are really there (CheckFor is asked with the answer), revisions and where they are
// kept, and every decision about bills, which is package rule's.
package scheme
