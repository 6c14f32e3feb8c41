// Package ruletest is a bill's truth for tests: a bill as Kingdee might keep it, with the habits that its documentation
// leaves open, what people do to it at random, and what the requests to the WMS must have been in the end. It knows the
// rules' values and none of the rules.
package ruletest
