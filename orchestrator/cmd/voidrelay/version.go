package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (sh *shell) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "版本 version",
		Args:  args(0, ""),
		Run:   func(*cobra.Command, []string) { fmt.Fprintln(sh.out, version()) },
	}
}

// version is what the Go tool chain knows about this program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "voidrelay (unknown)"
	}
	text := "voidrelay " + info.Main.Version
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text += " " + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			text += " (changed)"
		}
	}
	return text + " " + info.GoVersion
}
