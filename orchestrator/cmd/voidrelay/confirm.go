package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
)

var errNotAgreed = errors.New("未执行 nothing was done")

// confirm asks whoever sits at a terminal. Where nobody does, a script says --yes.
func (sh *shell) confirm(question string) error {
	if sh.in == nil || !sh.terminal {
		return fmt.Errorf("%w: %s 不在终端，加 --yes no terminal to ask at: add --yes", errWrong, question)
	}
	if sh.asking != nil {
		sh.asking.Store(true)
		defer sh.asking.Store(false)
	}
	sh.printf("%s [y/N] ", question)
	answer, err := bufio.NewReader(sh.in).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(sh.out)
		return errNotAgreed
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return nil
	}
	return errNotAgreed
}

// atTerminal says whether a file is a terminal.
func atTerminal(file *os.File) bool {
	state, err := file.Stat()
	return err == nil && state.Mode()&os.ModeCharDevice != 0
}
