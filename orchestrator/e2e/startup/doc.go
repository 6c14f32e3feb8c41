// Package startup holds the three services to one way of starting, answering and ending: the same settings, door,
// chain, health and stop, as a table over all of them.
package startup
