// Package rpc is the gRPC face of the orchestrator: it checks the caller's words, makes one call to the ledger and
// translates the answer. REST is the same face through the gateway.
//
// It promises that every error carries one ErrorInfo of domain "orchestrator", that nothing is changed by a call it
// refuses, and that a page token works for its own query only. What the words mean is decided elsewhere: verdicts by
// the ledger's views, whether a scheme may send by SendGate, runs by RunStarter. Health and reflection are registered
// by the composition.
package rpc
