// Package vendortest has both vendors as their adapters show them, without network: a Kingdee whose bills a test sets
// and moves by a clock of its own, and a WMS that answers as the test says.
package vendortest
