// Package rule holds what voidrelay decides: when a bill is live or voided, which life (generation) it is in, which
// warehouse orders it gave rise to, what is owed, what an answer of the WMS means, and where the watermark may stand.
// What must be true, and what of it is not yet, is docs/rules.md.
//
// It is plain Go over plain values. It knows no database, no network and no vendor library, remembers nothing and reads
// no clock: whoever calls it brings what is known and what was seen, and stores what comes out.
package rule
