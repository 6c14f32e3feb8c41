// Package access decides who calls a service, by token or client certificate, whether he may, and which addresses may
// be opened to other hosts at all.
//
// It promises that nothing is open by default: an address that other hosts reach needs a file of callers and TLS,
// a file that does not load is a fault and never a fall back to plain text, a method that nobody is named for is
// nobody's, and a comparison of tokens tells nothing about them by the time it takes. Which role a method wants is
// the service's word.
package access
