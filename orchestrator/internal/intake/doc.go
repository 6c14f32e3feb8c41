// Package intake reads Kingdee and decides: a Reader lets nothing pass that is not of the scheme's own books, and a
// Pager turns one light page into what the ledger is to write.
//
// Whoever decides bills does it through here, so that the rules are asked in one way: baselines, incremental runs,
// rechecks, reconcile runs and backfills; before anything is sent, push verifies with the same Reader. The package
// imports the rules, schemes, the ledger's records and Kingdee's contract; it knows no job and no queue.
package intake
