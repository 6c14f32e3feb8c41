package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// profileSetting names the file for a CPU profile of a process that plays a role.
const profileSetting = "VOIDRELAY_BENCH_PROFILE"

// playRole makes this process one of the services, or the sandboxes, if it was started as that, and answers its exit
// status.
func playRole() (status int, played bool) {
	stop, err := startProfile(os.Getenv(profileSetting))
	if err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		return 2, true
	}
	defer stop()
	if os.Getenv(sandboxesSetting) != "" {
		if err := playSandboxes(); err != nil {
			fmt.Fprintln(os.Stderr, "sandboxes:", err)
			return 1, true
		}
		return 0, true
	}
	return install.PlayRole()
}

func startProfile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.Create(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
		}
	}, nil
}

// profileOf is the file for the profile of one role in one measurement; empty when none is asked for.
func (b *bench) profileOf(measurement, role string) string {
	if b.profiles == "" {
		return ""
	}
	return filepath.Join(b.profiles, measurement+"-"+role+".pprof")
}
