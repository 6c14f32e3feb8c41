// Package host is one orchestrator among others on a ledger: the name that it goes by, and its sign of life.
//
// It promises that the conditions of a host that is gone end: another host ends them once the sign of life is two
// minutes old. What the conditions say, package ledger keeps.
package host
