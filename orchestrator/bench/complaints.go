package main

import (
	"bytes"
	"io"
)

// complaints passes on what a service says, except that all goes well: one line for each run would hide the figures.
type complaints struct {
	to   io.Writer
	line []byte // the beginning of a line whose end has not come
}

// Write is called by one goroutine at a time.
func (c *complaints) Write(text []byte) (int, error) {
	for rest := text; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			c.line = append(c.line, rest...)
			return len(text), nil
		}
		c.line = append(c.line, rest[:end+1]...)
		if !bytes.Contains(c.line, []byte(" level=INFO ")) {
			if _, err := c.to.Write(c.line); err != nil {
				return 0, err
			}
		}
		c.line, rest = c.line[:0], rest[end+1:]
	}
}
