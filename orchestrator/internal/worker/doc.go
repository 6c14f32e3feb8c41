// Package worker runs the jobs: River's client with its queues and periodic jobs, what wakes it when nobody does,
// traces, its log, and housekeeping.
//
// It imports every room that has jobs, builds each of them and hands it its kind of args; no room imports it. A job is
// a pointer to rows: it decides from the rows what is left to do, may run twice, and may die at any line. Vendor faults
// are results in the ledger and never job errors.
package worker
