// Package event shows what changed to those who watch. Writers leave an event in the transaction of their change
// (ledger.LeaveEvents). A Sequencer numbers what has committed; a Reader reads what is numbered, from a Token on, and
// tells those who watch when there is more. Where an event stands is its number, and a token is the ledger's identity
// with a number: who reads from token to token misses nothing and sees nothing twice.
package event
