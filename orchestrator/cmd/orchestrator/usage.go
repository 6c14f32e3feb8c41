package main

import (
	"fmt"
	"io"
)

// usage is for people at a prompt; what the settings mean stands in one place.
const usage = `orchestrator: cancels the warehouse orders of bills that are voided in Kingdee, and serves orchestrator.v1 over gRPC and REST

usage: orchestrator    serve until SIGTERM

'voidrelay migrate' prepares its database; 'voidrelay' asks and steers it.

Settings come from the environment; docs/running.md lists them.
Exit status: 0 stopped or fine, 1 something failed, 2 a setting or an argument is wrong.
`

// asksForHelp says whether the first argument does.
func asksForHelp(args []string) bool {
	return len(args) > 0 && (args[0] == "--help" || args[0] == "-help" || args[0] == "-h" || args[0] == "help")
}

// refuse tells of an argument that there is no use for and answers the exit status.
func refuse(to io.Writer, arg string) int {
	fmt.Fprintf(to, "orchestrator: unknown argument %q\nusage: orchestrator (--help tells more)\n", arg)
	return 2
}
