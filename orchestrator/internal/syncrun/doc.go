// Package syncrun keeps the ledger up with Kingdee: a baseline stores what is live when a scheme begins, and
// incremental runs read what changed since the watermark, decide it and move the watermark on.
//
// A run is done in chunks, each a job that ends within seconds and inserts its successor in the transaction that stored
// how far it came. The package imports intake to read and decide, push to ask again about numbers that a live bill
// carried, queue, the rules and the ledger's records.
package syncrun
