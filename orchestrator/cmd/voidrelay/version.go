package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

func (sh *shell) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "版本 version",
		Args:  args(0, ""),
		Run:   func(*cobra.Command, []string) { fmt.Fprintln(sh.out, "voidrelay", telemetry.ReadBuild()) },
	}
}
