// Package revision takes what a schemes file proposes to the ledger, where the schemes live: what it would change, what
// it would change of the requests of stored bills, and applying it. It does not look at what a vendor would say.
package revision
