// Package rpc is the gRPC face of wmssvc: it checks the caller's words, finds the account, makes one call and
// translates the outcome. Vendor words end here.
//
// It promises that every item handed over is answered once, that a status with an ErrorInfo of domain "wms" means that
// nothing was sent for what is unanswered, and that no more is read from a stream than can be worked on.
package rpc
