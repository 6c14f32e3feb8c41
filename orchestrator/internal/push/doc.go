// Package push sends what is owed: a Dispatcher gathers due rows into batches, a Batcher reads the bills of one again,
// takes leases, hands requests over and records what came back, and a Doorman finds out whether a refused account is
// accepted again.
//
// The intent is written before a request leaves, and the last word about an attempt belongs to its lease: a process may
// die at any line, and what it left is unknown, never undone. The package imports intake for fresh reads, queue for the
// jobs that it inserts, the rules and the ledger's records, and both vendors' contracts.
package push
