// Package reconcile does the runs that do not ask when a bill changed: a recheck reads the states of all bills known
// live, a reconcile run compares the last days with the ledger hour by hour and repairs what differs, and both prove
// that bills which are shown no longer are gone.
//
// They move no watermark and take no lock that an incremental run wants: what the ledger has read since is decided
// again. The package imports intake to read and decide, queue, the rules and the ledger's records.
package reconcile
