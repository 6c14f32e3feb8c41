package main

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how many percent the heap may outgrow what is in use before it is collected. What we keep is small
// and what we make for each request is a lot: with Go's 100 a quarter of our CPU went into collecting some megabytes
// again and again.
const heapGrowth = 300

// collectSeldom sets heapGrowth, unless GOGC says otherwise.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
