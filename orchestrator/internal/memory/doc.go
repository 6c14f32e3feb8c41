// Package memory is what one host remembers of the ledger that it has worked with, in a folder of its own: which ledger
// that was, the newest event that it has seen, and a line for each act and outcome of the last seven days.
//
// It promises that a ledger which is behind that memory is found out before anything is read or sent by it: an older
// back-up, a server that took over without the last transactions, another database. Until a person confirms, it keeps
// the jobs from that ledger, and lists what is known to be missing from it. What the ledger is for, it does not know.
package memory
