// Package queue says what work can be put into River: the args of every kind of job, the queues that they wait in, and
// how one is inserted, alone or in the transaction that made it necessary.
//
// It does no work: the rooms that do import it, and may so leave work to one another without knowing one another. It
// imports the ledger's records and River's types, and nothing else of ours.
package queue
