package main

import (
	"fmt"
	"io"
)

// usage is for people at a prompt; what the settings mean stands in one place.
const usage = `kingdeesvc: serves kingdee.v1 over gRPC in front of a Kingdee Cloud Galaxy 金蝶云星空

usage: kingdeesvc          serve until SIGTERM
       kingdeesvc check    try the settings and say what is wrong with them; 'kingdeesvc check --help' tells its flags

Settings come from the environment; docs/running.md lists them.
Exit status: 0 stopped or fine, 1 something failed, 2 a setting or an argument is wrong.
`

// asksForHelp says whether the first argument does.
func asksForHelp(args []string) bool {
	return len(args) > 0 && (args[0] == "--help" || args[0] == "-help" || args[0] == "-h" || args[0] == "help")
}

// refuse tells of an argument that there is no use for and answers the exit status.
func refuse(to io.Writer, arg string) int {
	fmt.Fprintf(to, "kingdeesvc: unknown argument %q\nusage: kingdeesvc [check] (--help tells more)\n", arg)
	return 2
}
