// Package sandbox is a Kingdee Cloud Galaxy (金蝶云星空) to develop against: an
// HTTP server that logs programs in and answers ExecuteBillQuery, BillQuery and
// View for assembly bills (组装拆卸单, STK_AssembledApp).
//
// It owns its bills and their documented flow (create, submit, audit, un-audit,
// edit, void, restore, delete) and keeps its own truth: what happened to which
// bill, and when, readable as JSON. It promises to behave as public documents and
// clients describe the vendor, the awkward parts included: errors inside HTTP 200,
// arrays without names, unsorted rows when no order is asked for, blanks for empty
// text. Where they disagree, a switch of behaviour.Personality chooses.
//
// Package books keeps the bills, package behaviour is personalities and faults, package sample the data that it comes
// with; the vendor's API and the control API are internal. This package puts them together behind one listener.
//
// It leaves the WMS, gRPC and every rule about cancelling to others, and it shares
// no code with the adapter that reads it, so that neither can hide the other's
// mistakes. Every answer carries the header X-Voidrelay-Sandbox: kingdee, by which
// a client can tell it from the vendor.
//
// Public sources, cited where used: vip.kingdee.com/knowledge/650369502764414208
// (logins), vip.kingdee.com/knowledge/650355755563987456 (calls without an SDK),
// qliang.cloud/api/cce5a25d-172e-3801-84f8-266d490fe308 (fields of the form).
package sandbox
