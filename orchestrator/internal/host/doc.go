// Package host is one orchestrator among others on a ledger: the name that it goes by, its sign of life, and the
// conditions that it alone can see, which are that it does not reach the ledger or an adapter.
//
// It promises that these are told whatever is away: they stand in memory, where health, /readyz, metrics and lists read
// them, and are written into the ledger as soon as it takes them, with their true beginning. The conditions of a host
// that is gone end: another host ends them once the sign of life is two minutes old.
package host
