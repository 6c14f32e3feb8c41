// Package privatepg runs a PostgreSQL server of our own, for the people who have none to point DATABASE_URL at.
//
// It owns finding the programs (on the machine first, fetched as the last resort), one folder with the cluster in it,
// and the server's whole life. Two kinds of folder exist. A durable one (Options.Dir) keeps its data for the next run,
// always syncs, and is locked: a second run on it is refused, and a server that a killed run left behind is stopped
// before ours starts. A throw-away one (no Options.Dir) lives in the temporary folder, is copied from a cached cluster
// where possible, does not sync, and is removed by Stop, or by the next start if its owner was killed.
//
// It promises that the server is in a process group of its own, so that Ctrl-C reaches us and not the server; that on
// Linux it shuts down when we die, however we die; that it listens on 127.0.0.1 only, under a random password kept in a
// file that only its account can read; and that Start returns when connections are accepted, or with the end of the
// server's log. PostgreSQL refuses to run as root, so as root all of it runs under the account postgres, else nobody.
//
// It leaves migrations, pools and databases other than its first to others.
package privatepg
