package orchestrator

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
)

// environment reads settings and collects what is wrong with them.
type environment struct {
	getenv     func(string) string
	problems   []error
	unreadable map[string]bool
}

func (e *environment) faults() error { return errors.Join(e.problems...) }

func (e *environment) problem(format string, args ...any) {
	e.problems = append(e.problems, fmt.Errorf(format, args...))
}

func (e *environment) text(name, otherwise string) string {
	if value := e.getenv(name); value != "" {
		return value
	}
	return otherwise
}

// secret reads NAME, or the file that NAME_FILE names, without the line end that editors add.
func (e *environment) secret(name string) Secret {
	value, path := e.getenv(name), e.getenv(name+"_FILE")
	if path == "" {
		return Secret(value)
	}
	if e.unreadable == nil {
		e.unreadable = make(map[string]bool)
	}
	if value != "" {
		e.unreadable[name] = true
		e.problem("%s and %s_FILE: both are set; keep one", name, name)
		return ""
	}
	content, err := os.ReadFile(path)
	if err != nil {
		e.unreadable[name] = true
		e.problem("%s_FILE: %w", name, err)
		return ""
	}
	value = strings.TrimRight(string(content), "\r\n")
	if value == "" {
		e.unreadable[name] = true
		e.problem("%s_FILE: %s is empty", name, path)
	}
	return Secret(value)
}

func (e *environment) number(name string, otherwise int) int {
	value := e.getenv(name)
	if value == "" {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil || number == 0 {
		if e.unreadable == nil {
			e.unreadable = make(map[string]bool)
		}
		e.unreadable[name] = true
		e.problem("%s: %q is not a number of days such as %d", name, value, otherwise)
	}
	return number
}

func (e *environment) level(name string) slog.Level {
	var level slog.Level
	if value := e.getenv(name); value != "" {
		if err := level.UnmarshalText([]byte(value)); err != nil {
			e.problem("%s: %q is none of debug, info, warn, error", name, value)
		}
	}
	return level
}
