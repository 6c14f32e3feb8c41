// Command chaos runs everything, kills it again and again, and then asks whether anything was lost or cancelled
// wrongly.
//
// What runs are real processes: two orchestrators, kingdeesvc and wmssvc, each this program under another role, a
// Postgres that syncs, and both sandboxes in a process of their own with faults on. A plan made of a seed says what
// people do with bills, which process dies when and where, and what goes wrong at the vendors. After the storm the
// faults end, everything is started, and when nothing is due any more the truths that the two sandboxes keep are held
// against the ledger.
//
// The words of the summary:
//
//   - lost: a bill that is voided, un-audited or deleted whose order (as its last audit made it) stands in the WMS, or
//     is cancelled without the ledger's knowing, and no person was told for a reason that the truths show; a
//     cancellation that the ledger calls done, by inference or a person's word, too, of an order that was not
//     cancelled. What was asked for while a proxy answered for the WMS explains nobody's "unknown".
//
//   - wrong: the WMS received a request for an order that the bill, or another, had claimed for longer than
//     verify_after + 5 s: live, or un-audited for less than the dwell (an un-audited bill may have been read no longer
//     ago than verify_after here, too); or when no bill of the number was voided, un-audited for the dwell, or deleted
//     for absent_wait, nor had been for so long; or for an order that no bill had; or a live bill's order was
//     cancelled since the bill has it, by us and for whomever, and no work item says so of that bill; or something was
//     to be sent more than a second after a person had stopped it; or a revision of the scheme is not one that a
//     person applied, or the last one does not count. Requests within that time are counted apart ("in time").
//
//   - open: what is not ended when it is quiet: cancellations, attempts without an answer, work items about a warehouse
//     that is in the scheme again.
//
//   - effects beyond one per order and generation: an order that was really cancelled more often than bills of its
//     number were voided, or than the ledger owes; those "in time", of an order that was just made anew, are not among
//     them.
//
//   - conditions that did not end: those that are open when it is quiet.
//
//   - requests without an intent before them: requests that reached the WMS while the ledger had fewer attempts than
//     that.
//
//   - repeated: requests beyond the first of a cancellation, by what the one before had come to.
//
//   - unseen: orders of a life that was over before any run could see it, where the ledger's older snapshot, or none,
//     explains that it does not owe them, or where no date of the bill tells that there was another life: an un-audit
//     took the approve date away, and no void before it was seen that has another date. Nothing that Kingdee shows
//     afterwards tells of them.
//
//   - not proved: the time was up while things were still getting done. What is open or lost by then is not counted;
//     what time cannot mend is.
//
//   - stories: what goes on at a merchant's meanwhile, and has to come to the right end all the same: schemes files
//     that differ, warehouses that are taken out of the scheme and put back, numbers that are given again, permissions
//     that are lost and given back.
//
//   - plays: what was everybody's trouble for a while, how long, and how many requests met it; conditions: how often
//     each was open; typed: the acts that a person typed as work items and conditions print them.
//
// The exit status is 1 if one of the first six is not 0, and everything that is known of the bill numbers concerned is
// printed; 2 if the plan could not be carried out, or if something that it plays did not take place.
//
// The points at which processes die are in the program only if it is built with the tag chaos (package crashpoint).
package main
