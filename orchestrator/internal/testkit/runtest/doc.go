// Package runtest has a bench for tests of jobs: a migrated ledger with the shipped scheme, a Kingdee of the test's own
// and baselines and incremental runs over it, by the test's clock.
package runtest
