// Package rpc is the gRPC face of kingdeesvc: it validates, translates, makes one call and translates back.
//
// It promises that every error it sends carries one ErrorInfo of domain "kingdee" (see
// proto/kingdee/v1/error_reason.proto), that a stream starts with its header and ends with its summary or an error, and
// that no frame is larger than pageBytes unless one bill is. What Kingdee means is package bills' business, how it
// is reached package kingdee's.
package rpc
