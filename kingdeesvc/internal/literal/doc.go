// Package literal is how Kingdee writes dates in its answers and wants texts, ids and times in a filter.
//
// It promises that nothing from outside gets into a filter but as a value, and that a date that cannot be told is an
// error and no guess. Which keys there are is left to its callers.
package literal
