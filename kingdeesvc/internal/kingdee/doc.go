// Package kingdee is a client of the WebAPI of 金蝶云星空 (Kingdee Cloud Galaxy) in the vendor's own words: it logs in,
// keeps the sessions, runs ExecuteBillQuery and View, and sorts every answer into rows or one typed Fault.
//
// It promises that success is decided from the vendor's body and never from HTTP 200 alone, that requests on one
// session run one after the other, also where the caller has left, that a lost session is renewed once and the read
// repeated once, that an answer that nobody knows is taken for a lost session until one fresh login has said otherwise,
// that a refused login is not repeated before a growing pause is over, that a vendor who does not answer is left alone
// for a while, and that a short caller waits for one page of a long one at most. All it does are reads.
//
// What the rows mean (forms, keys, paging) is left to its callers. Vendor facts are from the public pages
// vip.kingdee.com/knowledge/650369502764414208 (login), vip.kingdee.com/knowledge/650355755563987456 (calls without
// SDK) and from the public clients named beside them.
package kingdee
