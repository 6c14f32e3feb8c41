// Package jobs carries the work out: River jobs that read Kingdee (runs of every kind) through package intake, send
// through package push, and tidy up.
//
// A job is a pointer to rows: it decides from the rows what is left to do, may run twice, and may die at any line.
// Vendor faults are results in the ledger and never job errors. The package knows the vendors as generated gRPC clients
// and the ledger as the small interfaces declared here; the decisions are package rule's.
package jobs
