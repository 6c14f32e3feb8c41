package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// memoryLimit is what each of our services may have had resident at its peak.
const memoryLimit = 200 << 20

// errNoProc: only Linux tells a process's usage where we look.
var errNoProc = errors.New("not told on this system")

// peakMemory is the most that a process has had resident since it began, in bytes (VmHWM in proc(5)).
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, errNoProc
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errNoProc
}

// tick is proc(5)'s unit of CPU time; Linux has shown programs 100 a second on every platform that Go knows.
const tick = time.Second / 100

// cpuTime is what a process has used, user and system, and with it the children it has waited for; 0 where it is not
// told.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything; field 3 follows it.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// familyTime is cpuTime of a process and its living children: Postgres with its backends.
func familyTime(pid int) time.Duration {
	total := cpuTime(pid)
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return total
	}
	for _, child := range strings.Fields(string(children)) {
		if id, err := strconv.Atoi(child); err == nil {
			total += cpuTime(id)
		}
	}
	return total
}
