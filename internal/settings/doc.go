// Package settings reads a program's settings from its environment, the same way for all three services.
//
// It promises that every fault is found in one go and told as `NAME: what is wrong, and what would be right`, that a
// secret is never part of such a text, and that what editors and shells add around a value (a byte order mark, line
// ends, blanks) is not taken for a part of it. Which settings there are is each service's own business.
package settings

// A host need not have the files of the zone database: every program that reads settings has them built in.
import (
	_ "time/tzdata" // the files of the zone database
)
