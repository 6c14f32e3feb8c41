// Package assembled reads 组装拆卸单 (assembly/disassembly bills, form STK_AssembledApp): which keys to ask for, how rows
// become bills of kingdee.v1, and how bills are read whole although the vendor pages by rows.
//
// It promises that a bill is delivered whole or as one problem, never half; that every row behind a page is counted in
// exactly one of its bills or problems; that pages ascend by FID; and that each carries the time its earliest query
// left. It decodes straight into the contract's messages: a third set of forty fields between the vendor's and ours
// would say nothing new.
//
// Sessions, retries and failure shapes are package kingdee's; frames on the wire are package rpc's. Field keys are
// those of the public scheme page (qeasy.cloud solution-article 1273) and of qliang.cloud "查询金蝶组装拆卸单V3.0"; they are
// sent in the case they were published in.
package assembled
