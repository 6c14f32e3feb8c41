// Package bills reads the bills of any form that package form describes: how rows become bills of kingdee.v1, and how
// bills are read whole although the vendor pages by rows. It knows what every form has (an id, a number, states, four
// dates) and nothing of any one form.
//
// It promises that a bill is delivered whole or as one problem, never half; that every row behind a page is counted in
// exactly one of its bills or problems; that pages ascend by FID; and that each carries the time its earliest query
// left. It decodes straight into the contract's messages: a third set of forty fields between the vendor's and ours
// would say nothing new.
//
// Sessions, retries and failure shapes are package kingdee's; frames on the wire are package rpc's.
package bills
