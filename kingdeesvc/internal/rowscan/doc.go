// Package rowscan decodes the body of a successful ExecuteBillQuery, [[cell,cell,…],[…]], as it arrives: an array of
// arrays of scalars, in the order of the keys that were asked for (vip.kingdee.com/knowledge/650355755563987456).
//
// It promises that numbers keep the digits they were written in, that anything that is not JSON is an error wherever it
// stands, and that memory is one window of the body beside the rows themselves: the body is never held whole. Which
// bodies are failures and no rows is package kingdee's question; what a cell means is package bills'.
//
// The decoder is our own because the answers are large, regular and read all day. encoding/json goes through
// reflection and an interface value per cell; a page of 10,000 rows of 40 columns costs it over half a million
// allocations. This one costs two hundred lines, a fuzz test that holds it against encoding/json, and one convention:
// the texts of a window's cells share that window's memory, so a caller who keeps one cell keeps 64 KiB. Libraries
// that are as fast bring assembler or generated code for shapes we do not have. BenchmarkPage, in package bills,
// prints what it gains.
package rowscan
