// Package query reads what people and programs are shown: bills, cancellations, work items, schemes, runs and
// acts, as records of package ledger. It changes nothing. Lists come in pages, by key, newest first unless a
// method says otherwise.
package query
