// Package process tests the services as they run: processes of their own, started from the environment, on a real
// Postgres and over real gRPC and HTTP, against the two sandboxes. There is nothing in it but tests.
package process
