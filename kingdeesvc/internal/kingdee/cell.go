package kingdee

import "github.com/voidrelay/voidrelay/kingdeesvc/internal/rowscan"

// Kind is what a cell of a row is made of.
type Kind = rowscan.Kind

// The kinds, as package rowscan knows them.
const (
	Null   = rowscan.Null
	Text   = rowscan.Text
	Number = rowscan.Number
	Bool   = rowscan.Bool
	Other  = rowscan.Other
	Unfit  = rowscan.Unfit
)

// Cell is one value of a row, as package rowscan reads it.
type Cell = rowscan.Cell
