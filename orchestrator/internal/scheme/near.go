package scheme

import (
	"fmt"
	"strings"
)

// suggest ends a message about an unknown word: the one that was probably meant, or all that exist.
func suggest(word string, known []string) string {
	if len(known) == 0 {
		return "there is none"
	}
	if best := nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean `%s`? It may be one of: %s", best, strings.Join(known, ", "))
	}
	return "it may be one of: " + strings.Join(known, ", ")
}

// nearest is the known word at most two slips away (one for short words), empty when there is none.
func nearest(word string, known []string) string {
	best, limit := "", min(2, len(word)/2)
	for _, candidate := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d <= limit {
			best, limit = candidate, d-1
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
