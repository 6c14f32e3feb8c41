// Package serve is how a service of ours starts, answers and ends: the gRPC server with its chain of interceptors,
// health, the HTTP servers, the way to each other, and what a main function does.
//
// It promises one behaviour for all three services. Start's context bounds the start only; Stop drains and may be
// called again; Wait answers what ended a service that was not stopped. Every call is named by an id, bounded in time,
// known by its caller, valid, and answered with a status that the service itself chose. SIGHUP ends nothing.
package serve
