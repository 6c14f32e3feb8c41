// Package storetest gives each test a PostgreSQL database of its own, already migrated.
//
// A test package calls Main from its TestMain, once, with the migration; its tests then call Pool or URL. The first of
// these calls brings up a server (VOIDRELAY_TEST_DATABASE_URL if set, else DATABASE_URL, else a private throw-away one
// of this test binary's own), migrates one template database and clones it; later calls only clone, which takes some
// tens of milliseconds. Databases are dropped at the end of their test, the rest at the end of Main. Any number of
// tests and of test binaries run at once. No test is ever skipped for lack of a database: without one, it fails.
//
// What they get is the database as the running role sees it, which owns nothing: what an orchestrator may not do,
// no test of it does by mistake. OwnerURL leads to the same database for the few that lay down what the running
// role may not.
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m, store.Migrate)) }
//
// On a server that is given, only databases whose names begin with voidrelay_test_ are made and dropped, and those that
// a killed run left are dropped when they are a day old. The role in the URL must be allowed to create databases and
// roles. A private server dies with the test binary. What a test writes to roles, tablespaces or other server-wide
// things is seen by all tests of the binary.
package storetest
