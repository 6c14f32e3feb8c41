// Package backfill reads a range or a list of bills that somebody asked for, owes what they owe or only plans it, and
// carries plans out.
//
// A backfill gives way to live traffic, and settles its own pages, so that incremental runs go on beside it. The
// package imports intake to read and decide, queue, the rules and the ledger's records.
package backfill
