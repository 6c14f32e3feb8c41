package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// memory prints the most memory that each service held, where the system tells.
func (t *town) memory() {
	for _, p := range t.services {
		text := "not known on this system"
		if peak, ok := peakMemory(p.PID()); ok {
			text = fmt.Sprintf("%d MB", peak>>20)
		}
		fmt.Printf("%-34s %s\n", "peak memory of "+p.Role, text)
	}
}

// peakMemory is VmHWM of Linux's /proc, in bytes.
func peakMemory(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}
