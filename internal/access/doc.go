// Package access decides who may call a service: bearer tokens, client certificates, and which addresses may be opened
// to other hosts at all.
//
// It promises that nothing is open by default: an address that other hosts reach needs tokens or client certificates, a
// file that does not load is a fault and never a fall back to plain text, and a comparison of tokens tells nothing
// about them by the time it takes. What a caller may do once he is known is left to the services.
package access
