// Package gateway is the REST face of the orchestrator. It calls the orchestrator's own gRPC server over a pipe within
// the process, so that every call passes the same interceptors whichever way it came.
//
// It promises that every error has one shape (google.rpc.Status as JSON with an ErrorInfo of domain "orchestrator",
// also for an unknown path or method), and that nothing in a request is silently ignored: an unknown query parameter,
// an unknown field of a body, or text after a body is refused with the name of the field. Its JSON is protojson: names
// in lowerCamelCase, 64-bit numbers as strings, times as RFC 3339; fields with their zero value are there, absent times
// and messages are not.
package gateway
