// Package sandbox is a 旺店通WMS to develop and test against: a real HTTP server that verifies signatures, keeps an
// order book, cancels orders or refuses to, and can be slow, rude and half-finished on request.
//
// It owns its own truth: for each order what really happened to it, how often a cancel arrived, which of those took
// effect and what was answered. It promises that this truth is written down before an answer leaves, so that a client
// whose connection broke can be held against it afterwards, and with Config.StateFile that it survives the process
// being killed.
//
// Package warehouse keeps the orders, package behaviour is personalities and faults, package sample an order book to
// begin with; the protocols and the control API are internal. This package puts them together behind one listener.
//
// It follows public material about the vendor, never the adapter that is tested with it, and shares no code with that
// adapter. What no public source says is a field of behaviour.Personality. README.md lists which behaviour has a source
// and which is ours. Creating orders through the vendor's own interfaces is left out: orders come from the control API.
package sandbox
